"""Requests from this computer to a machine's port, TLS as a rule, for probes and steps.

Small on purpose: a step or `status` asks a handful of questions, and starting
kubectl for one costs more than all of them.
"""

import asyncio
import contextlib
import errno
import json
import ssl
from dataclasses import dataclass
from typing import Any

from ashore.errors import AshoreError
from ashore.patience import patience


class RequestFailed(AshoreError):
    """No answer, or a status that the caller did not expect (`status`; 0 for no answer)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the HTTP status and the whole body."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def message(self) -> str:
        """What a Kubernetes API says in a refusal, else the beginning of the body."""
        try:
            return str(self.json()["message"])
        except (ValueError, KeyError, TypeError):
            return self.body.decode(errors="replace").strip()[:300]


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks.

    Attributes:
        context: None for a service that is open to everybody, without TLS.
        source: this computer's own address in the stack's network. Connections
            come from there or not at all: without the link into the stack, its
            addresses belong to whoever is behind the default route.
    """

    context: ssl.SSLContext | None
    source: str


def client(authority: bytes, identity: str, source: str) -> Client:
    """Trust one certificate authority (PEM) and show the certificate and key in a file."""
    context = _trusting(authority)
    context.load_cert_chain(identity)
    return Client(context, source)


def stranger(authority: bytes, source: str) -> Client:
    """Trust one certificate authority (PEM), and show nothing."""
    return Client(_trusting(authority), source)


def _trusting(authority: bytes) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.decode())
    # Authorities made by Go programs may lack extensions that only the strict mode asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


async def request(
    client: Client,
    address: str,
    port: int,
    method: str,
    path: str,
    *,
    server_name: str,
    body: bytes = b"",
    content_type: str = "application/json",
    timeout: float = 5.0,
) -> Reply:
    """Send one request and read the whole answer.

    HTTP/1.0, so that the server neither keeps the connection nor sends chunks.

    Args:
        server_name: the name or address that the server's certificate must carry, if it has one.
        timeout: seconds for everything together, longer by `patience`.

    Raises:
        RequestFailed: no connection, no trust, no answer in time.
    """
    head = (
        f"{method} {path} HTTP/1.0\r\nHost: {server_name}\r\nAccept: application/json\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    scheme = "https" if client.context else "http"
    timeout *= patience()
    where = f"{method} {scheme}://{address}:{port}{path}"
    try:
        async with asyncio.timeout(timeout):
            answer = await _exchange(client, address, port, server_name, head.encode() + body)
    except TimeoutError as error:
        raise RequestFailed(f"{where}: no answer within {timeout:g} s", 0) from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise RequestFailed("this computer has no link into the stack", 0) from error
        raise RequestFailed(f"{where}: {error.strerror or error}", 0) from error
    top, _, content = answer.partition(b"\r\n\r\n")
    words = top.split(None, 2)
    if len(words) < 2 or not words[1].isdigit():
        raise RequestFailed(f"{where}: the answer is not HTTP", 0)
    return Reply(int(words[1]), content)


async def _exchange(
    client: Client, address: str, port: int, server_name: str, message: bytes
) -> bytes:
    reader, writer = await asyncio.open_connection(
        address,
        port,
        ssl=client.context,
        server_hostname=server_name if client.context else None,
        ssl_shutdown_timeout=0.1 if client.context else None,
        local_addr=(client.source, 0),
    )
    try:
        writer.write(message)
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await writer.wait_closed()
