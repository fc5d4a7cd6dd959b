"""As much of HTTP/1.1 over TLS as the probes need."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from ashore.drill.client.schedule import Failed


@dataclass(frozen=True, slots=True)
class Server:
    """Where to connect, and the name that the certificate must carry; no context, no TLS."""

    address: str
    port: int
    name: str
    context: ssl.SSLContext | None


def context(authority: str, identity: str | None) -> ssl.SSLContext:
    """Trust one authority (PEM); show the certificate and key in a file, if there is one."""
    made = ssl.create_default_context(cadata=authority)
    # Authorities made by Go programs may lack extensions that only the strict mode asks for.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if identity:
        made.load_cert_chain(identity)
    return made


class Connection:
    """One connection for any number of requests, one after the other."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.number = 0

    async def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        keep: bool,
    ) -> tuple[int, bytes]:
        """Status and body. The connection is made if there is none, and given up on any error."""
        whole = False
        try:
            if self._streams is None:
                self._streams = await self._connect()
                self.number += 1
            reader, writer = self._streams
            lines = {"Host": self._server.name, "Content-Length": str(len(body))}
            lines |= {} if keep else {"Connection": "close"}
            lines |= dict(headers or {})
            head = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            answer = await _answer(reader)
            whole = keep
            return answer
        finally:
            if not whole:
                self.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        server = self._server
        if server.context is None:
            return await asyncio.open_connection(server.address, server.port)
        return await asyncio.open_connection(
            server.address, server.port, ssl=server.context, server_hostname=server.name
        )

    def close(self) -> None:
        """Drop the connection, at once."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    words = head[0].split()
    if len(words) < 2 or not words[1].isdigit():
        raise Failed("not HTTP")
    fields = {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in head[1:])}
    if "chunked" in fields.get("transfer-encoding", ""):
        return int(words[1]), await _chunks(reader)
    return int(words[1]), await reader.readexactly(int(fields.get("content-length", "0")))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)


def require(status: int, *expected: int) -> None:
    """Raise Failed for another status."""
    if status not in expected:
        raise Failed(f"status {status}")
