"""The lease probe against a DHCP server in a network namespace of the test's own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from ashore.drill.audits import lease
from ashore.drill.child import Child
from ashore.drill.gaps import Sample
from ashore.drill.measure import python
from ashore.drill.verdict import Verdict

pytestmark = [
    pytest.mark.spawns,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

GATEWAY, CLIENT = "leasetest-gw", "leasetest-client"
SERVER, OWN = "10.79.216.2", "10.79.216.5"
FIRST, LAST = "10.79.216.200", "10.79.216.229"

# Gives FIRST + n and acknowledges whatever is asked for, n being its argument;
# tells each message that it gets: its type, the address that the client has.
PROGRAM = """\
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
sock.bind(("", 67))
given = socket.inet_aton("10.79.216." + str(200 + int(sys.argv[1])))
print("listens", flush=True)
while True:
    data, peer = sock.recvfrom(2048)
    kind, current = data[242], data[12:16]
    print(kind, socket.inet_ntoa(current), flush=True)
    if kind == 7:
        continue
    head = b"\\x02" + data[1:16] + given + data[20:240]
    options = bytes([53, 1, {1: 2, 3: 5}[kind], 54, 4]) + socket.inet_aton("10.79.216.2") + b"\\xff"
    to = socket.inet_ntoa(current) if any(current) else "255.255.255.255"
    sock.sendto(head + options, (to, 68))
"""


def ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True, timeout=30)


class Dhcp:
    """The server, which can be stopped and started."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.heard: list[str] = []
        self._reading: asyncio.Task[None] | None = None

    async def start(self, number: int = 0) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "ip", "netns", "exec", GATEWAY, sys.executable, "-I", "-c", PROGRAM, str(number),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert await self._process.stdout.readline() == b"listens\n"
        self._reading = asyncio.create_task(self._read(self._process.stdout))

    async def _read(self, said: asyncio.StreamReader) -> None:
        async for line in said:
            self.heard.append(line.decode().strip())

    async def stop(self) -> None:
        if self._process is not None and self._reading is not None:
            self._process.kill()
            await self._process.wait()
            await self._reading
            self._process = None


@pytest.fixture
async def dhcp() -> AsyncGenerator[Dhcp]:
    server = Dhcp()
    for name in (GATEWAY, CLIENT):
        ip("netns", "delete", name, check=False)
        ip("netns", "add", name)
    try:
        ip("-n", GATEWAY, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0",
           "netns", CLIENT)  # fmt: skip
        for name, address in ((GATEWAY, SERVER), (CLIENT, OWN)):
            ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        await server.start()
        yield server
    finally:
        await server.stop()
        for name in (GATEWAY, CLIENT):
            ip("netns", "delete", name)


class Probing:
    """The client of drills with this one probe."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    async def start(self) -> Child:
        wish = {
            "name": "lease", "kind": "lease", "interval": 0.05, "deadline": 1.0,
            "address": SERVER, "link": "eth0", "range": [FIRST, LAST],
        }  # fmt: skip
        argv = ["nsenter", f"--net=/run/netns/{CLIENT}", "--", *python("ashore.drill.client")]
        return await Child.start(argv, {"seconds": 60, "probes": [wish]}, self._take)

    def _take(self, line: list[Any]) -> None:
        self.samples.append(Sample(*line[1:]))


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_a_lease_is_taken_renewed_through_an_outage_and_given_back(dhcp: Dhcp) -> None:
    probing = Probing()
    child = await probing.start()
    await eventually(lambda: sum(s.ok for s in probing.samples) >= 5)
    await dhcp.stop()
    await eventually(lambda: any(not s.ok for s in probing.samples))
    await dhcp.start()
    await eventually(lambda: probing.samples[-1].ok)
    await child.stop()
    assert child.failure == ""
    await eventually(lambda: f"7 {FIRST}" in dhcp.heard)
    assert dhcp.heard[:3] == ["1 0.0.0.0", "3 0.0.0.0", f"3 {FIRST}"]
    assert {s.outcome for s in probing.samples if not s.ok} <= {"refused", "timed out"}
    assert lease.check(probing.samples).verdict is Verdict.PASS


async def test_another_address_is_no_success(dhcp: Dhcp) -> None:
    probing = Probing()
    child = await probing.start()
    await eventually(lambda: sum(s.ok for s in probing.samples) >= 2)
    await dhcp.stop()
    await dhcp.start(number=1)
    await eventually(lambda: any("another address" in s.outcome for s in probing.samples))
    await child.stop()
    assert lease.check(probing.samples).verdict is Verdict.FAIL


async def test_an_address_outside_of_the_range_is_no_success(dhcp: Dhcp) -> None:
    await dhcp.stop()
    await dhcp.start(number=40)
    probing = Probing()
    child = await probing.start()
    await eventually(lambda: probing.samples)
    await child.stop()
    assert "10.79.216.240 is outside of" in probing.samples[0].outcome
