"""The client's probes against a server of our own on loopback."""

import asyncio
import contextlib
import io
import json
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from ashore.drill.client.probes import check_answer, probe, query
from ashore.drill.client.schedule import Failed, Writer, following
from ashore.drill.gaps import Sample
from ashore.pki.authority import issue, make_ca

NAME = "api.demo.internal"


@dataclass
class Server:
    """Speaks HTTP/1.1 over TLS; a test switches how it behaves."""

    port: int = 0
    authority: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list[bytes])
    status: int = 200
    hang: bool = False
    chunked: bool = False
    hang_up: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, EOFError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                body = await reader.readexactly(length)
                if self.hang:
                    await asyncio.sleep(60)
                if self.hang_up:
                    break
                self.requests.append(head.split(b" HTTP")[0] + b" " + body)
                writer.write(self._answer())
                if b"Connection: close" in head:
                    break
        writer.transport.abort() if self.hang_up else writer.close()

    def _answer(self) -> bytes:
        head = f"HTTP/1.1 {self.status} Whatever\r\n".encode()
        if self.chunked:
            return head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        return head + b"Content-Length: 2\r\n\r\n{}"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    authority = make_ca("kubernetes")
    pair = issue(authority, NAME, dns=[NAME], ip=[IPv4Address("127.0.0.1")], server=True)
    bundle = tmp_path / "server.pem"
    bundle.write_bytes(pair.bundle())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(bundle)
    found = Server(authority=authority.cert.decode())
    listening = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=context)
    found.port = listening.sockets[0].getsockname()[1]
    yield found
    listening.close()


class Probing:
    """A probe that runs for the time of a `with` block."""

    def __init__(self, server: Server, kind: str, **more: Any) -> None:
        self._out = io.StringIO()
        self._writer = Writer(self._out)
        self._wish: dict[str, Any] = {
            "kind": kind,
            "name": kind,
            "address": "127.0.0.1",
            "port": server.port,
            "server": NAME,
            "authority": server.authority,
            "path": "/version",
            "interval": 0.02,
            "deadline": 10.0,
        } | more

    async def __aenter__(self) -> "Probing":
        self._task = asyncio.create_task(probe(self._writer, self._wish))
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def samples(self) -> list[Sample]:
        self._writer.flush()
        return [Sample(*json.loads(line)[1:]) for line in self._out.getvalue().splitlines()]

    async def until(self, condition: Callable[[list[Sample]], object]) -> list[Sample]:
        async with asyncio.timeout(20):
            while not condition(self.samples()):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        return self.samples()


async def test_every_request_is_a_new_connection(server: Server) -> None:
    async with Probing(server, "request") as probing:
        samples = await probing.until(lambda s: sum(x.ok for x in s) >= 5)
    assert server.connections >= 5
    assert server.requests[0] == b"GET /version "
    assert all(s.planned <= s.started <= s.ended for s in samples)


async def test_the_next_attempt_starts_on_time_when_the_former_hangs(server: Server) -> None:
    server.hang = True
    async with Probing(server, "request", deadline=2.0) as probing:
        first, second, *_ = await probing.until(lambda s: len(s) >= 2)
    assert {first.outcome, second.outcome} == {"timed out"}
    assert second.started < first.ended


async def test_a_wrong_status_is_no_success(server: Server) -> None:
    server.status = 503
    async with Probing(server, "request") as probing:
        samples = await probing.until(lambda s: s)
    assert samples[0].outcome == "status 503"


async def test_another_authority_is_no_success(server: Server) -> None:
    other = make_ca("other").cert.decode()
    async with Probing(server, "request", authority=other) as probing:
        samples = await probing.until(lambda s: s)
    assert "certificate verify failed" in samples[0].outcome


async def test_a_held_connection_is_used_until_it_breaks(server: Server) -> None:
    server.chunked = True
    async with Probing(server, "held") as probing:
        await probing.until(lambda s: len(s) >= 4)
        assert server.connections == 1
        server.hang_up = True
        await probing.until(lambda s: any(not x.ok for x in s))
        server.hang_up = False
        samples = await probing.until(lambda s: s[-1].ok)
    assert samples[0].detail == "1"
    assert next(s.outcome for s in samples if not s.ok) in ("closed", "reset")
    assert int(samples[-1].detail) > 1


async def test_writes_add_keys_and_tell_which_were_acknowledged(server: Server) -> None:
    async with Probing(server, "write", path="/cm") as probing:
        samples = await probing.until(lambda s: len(s) >= 3)
    assert [s.detail for s in samples[:3]] == ["n1", "n2", "n3"]
    assert server.requests[0] == b'PATCH /cm {"data": {"n1": ""}}'


async def test_a_refused_write_acknowledges_nothing(server: Server) -> None:
    server.status = 500
    async with Probing(server, "write", path="/cm") as probing:
        samples = await probing.until(lambda s: s)
    assert (samples[0].outcome, samples[0].detail) == ("status 500", "")


async def test_an_entry_is_signed_without_tls_on_a_connection_of_its_own() -> None:
    plain = Server(status=201)
    listening = await asyncio.start_server(plain.serve, "127.0.0.1", 0)
    plain.port = listening.sockets[0].getsockname()[1]
    entry = {"author": "drill"}
    async with Probing(plain, "entry", path="/entries", entry=entry) as probing:
        samples = await probing.until(lambda s: len(s) >= 3)
    listening.close()
    assert [s.detail for s in samples[:3]] == ["n1", "n2", "n3"]
    assert plain.requests[0] == b'POST /entries {"author": "drill", "text": "n1"}'
    assert plain.connections >= 3


async def test_nobody_listens(server: Server) -> None:
    async with Probing(server, "request", port=1) as probing:
        samples = await probing.until(lambda s: s)
    assert "refused" in samples[0].outcome.lower() or "Connect call failed" in samples[0].outcome


class Names(asyncio.DatagramProtocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(data[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + data[12:], addr)


async def test_names(server: Server) -> None:
    loop = asyncio.get_running_loop()
    make: Awaitable[Any] = loop.create_datagram_endpoint(Names, local_addr=("127.0.0.1", 0))
    transport, _ = await make
    port = transport.get_extra_info("sockname")[1]
    async with Probing(server, "name", port=port, query=NAME) as probing:
        samples = await probing.until(lambda s: len(s) >= 2)
    transport.close()
    assert all(s.ok for s in samples)


def test_a_query_is_what_rfc_1035_says() -> None:
    message = query("api.demo")
    assert message[2:] == b"\1\0\0\1\0\0\0\0\0\0\3api\4demo\0\0\1\0\1"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "not the answer"),
        (b"zz\x81\x80\0\1\0\1\0\0\0\0", "not the answer"),
        (b"ab\x81\x83\0\1\0\0\0\0\0\0", "code 3"),
        (b"ab\x81\x80\0\1\0\0\0\0\0\0", "no address"),
    ],
)
def test_an_answer_that_is_none(answer: bytes, why: str) -> None:
    with pytest.raises(Failed, match=why):
        check_answer(b"ab", answer)


def test_missed_times_are_skipped() -> None:
    assert following(10.0, 0.5, 10.1) == 10.5
    assert following(10.0, 0.5, 11.2) == 11.5
    assert following(10.0, 0.5, time.monotonic() * 0) == 10.5
