"""The Kubernetes API for programs on a machine: one request a connection, by client certificate."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

MERGE = "application/merge-patch+json"
_PORT = 6443
_ANSWER = 10.0  # s


class NoAnswerError(Exception):
    """The API could not be asked; the message says why."""


@dataclass(frozen=True)
class Reply:
    """Status and body of an answer."""

    status: int
    body: Any

    def wrong(self) -> str:
        """What the API says in a refusal; empty if there is none."""
        if self.status < 300:
            return ""
        said = self.body.get("message") if isinstance(self.body, dict) else self.body  # pyright: ignore
        return f"{self.status}: {said}"


@dataclass(frozen=True)
class Kube:
    """Where the API is and who asks.

    Attributes:
        server: name in the API server's certificate, resolvable on the machine.
        ca: file of the authority to trust.
        certificate: file with certificate and key; read anew for each request,
            since a kubelet's own is renewed now and then.
    """

    server: str
    ca: str
    certificate: str
    port: int = _PORT

    async def call(
        self, method: str, path: str, body: object = None, kind: str = "application/json"
    ) -> Reply:
        """One request. Raises NoAnswerError if there is no whole answer within 10 s."""
        try:
            async with asyncio.timeout(_ANSWER):
                async with self._asked(method, path, body, kind) as (status, reader):
                    raw = await reader.read()
        except (OSError, TimeoutError, EOFError, ValueError) as error:
            raise NoAnswerError(f"{method} {path}: {error or type(error).__name__}") from error
        try:
            return Reply(status, json.loads(raw) if raw else {})
        except ValueError:
            return Reply(status, raw.decode(errors="replace")[:300])

    async def items(self, path: str) -> tuple[list[dict[str, Any]], str]:
        """The objects of a list and its resource version. Raises NoAnswerError."""
        reply = await self.call("GET", path)
        if wrong := reply.wrong():
            raise NoAnswerError(f"GET {path}: {wrong}")
        return reply.body["items"] or [], reply.body["metadata"]["resourceVersion"]

    async def changes(self, path: str, version: str, seconds: int) -> AsyncIterator[None]:
        """Yield once for each change of a list after a resource version, for so many seconds.

        Raises NoAnswerError when the connection breaks or the version is too old.
        """
        mark = "&" if "?" in path else "?"
        path = f"{path}{mark}watch=1&resourceVersion={version}&timeoutSeconds={seconds}"
        try:
            async with (
                asyncio.timeout(seconds + _ANSWER),
                self._asked("GET", path, None, "application/json") as (status, reader),
            ):
                if status != 200:
                    raise NoAnswerError(f"GET {path}: {status}")
                while line := await reader.readline():
                    if b'"type":"ERROR"' in line[:20]:
                        raise NoAnswerError(f"GET {path}: {line.decode(errors='replace')[:300]}")
                    yield None
        except (OSError, TimeoutError, EOFError, ValueError) as error:
            raise NoAnswerError(f"GET {path}: {error or type(error).__name__}") from error

    @contextlib.asynccontextmanager
    async def _asked(
        self, method: str, path: str, body: object, kind: str
    ) -> AsyncGenerator[tuple[int, asyncio.StreamReader]]:
        content = b"" if body is None else json.dumps(body).encode()
        # HTTP/1.0: the server neither keeps the connection nor sends chunks.
        head = (
            f"{method} {path} HTTP/1.0\r\nHost: {self.server}\r\nAccept: application/json\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(
            self.server, self.port, ssl=self._trust(), limit=1 << 24, ssl_shutdown_timeout=0.1
        )
        try:
            writer.write(head.encode() + content)
            await writer.drain()
            status = (await reader.readuntil(b"\r\n\r\n")).split(None, 2)[1]
            yield int(status), reader
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await writer.wait_closed()

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        # Authorities made by Go programs may lack extensions that only the strict mode asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.load_cert_chain(self.certificate)
        return context
