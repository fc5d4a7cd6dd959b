import asyncio
import json
import ssl
import time
from pathlib import Path

import pytest

from ashore.bmc import probe
from ashore.bmc.limits import Limits
from ashore.pki.authority import make_ca
from ashore.state import jsonl
from tests.contract.bmc.conftest import ADDRESS, Running, secret
from tests.unit.bmc.fakes import basic

DEADLINE = 20.0


def context(running: Running) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(running.ca))


async def ask(
    running: Running, method: str, path: str, body: object = None, account: str = "lb1"
) -> tuple[int, dict[str, object]]:
    reader, writer = await asyncio.open_connection(ADDRESS, running.port, ssl=context(running))
    data = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: bmc",
        "Connection: close",
        f"Content-Length: {len(data)}",
        f"Authorization: {basic(account, secret(account))}",
    ]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
    async with asyncio.timeout(DEADLINE):
        head, _, content = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), json.loads(content or b"{}")


async def test_off_is_answered_when_the_machine_is_off_and_reads_stay_quick(
    running: Running,
) -> None:
    url = "/redfish/v1/Systems/lb1"
    kind = {"ResetType": "ForceOff"}
    off = asyncio.create_task(ask(running, "POST", f"{url}/Actions/ComputerSystem.Reset", kind))
    seen: list[object] = []
    while not off.done():
        _, system = await ask(running, "GET", url)
        seen.append(system["PowerState"])
        if system["PowerState"] == "Off":
            assert running.state("lb1") == "off"
    assert (await off)[0] == 204
    assert running.state("lb1") == "off"
    assert (await ask(running, "GET", url))[1]["PowerState"] == "Off"
    assert running.state("lb2") == "on"
    assert [r["result"] for r in jsonl.read(running.log / "resets.jsonl")] == ["started", "done"]


async def test_the_probe_wants_our_ca(running: Running) -> None:
    assert len(await probe.version(ADDRESS, running.port, running.ca.read_bytes())) == 16
    with pytest.raises(probe.NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
        await probe.version(ADDRESS, running.port, make_ca("another").cert)


async def test_tls_below_1_2_is_refused(running: Running) -> None:
    old = context(running)
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(ADDRESS, running.port, ssl=old)


async def test_who_speaks_no_tls_is_logged_and_changes_nothing(running: Running) -> None:
    reader, writer = await asyncio.open_connection(ADDRESS, running.port)
    writer.write(b"GET /redfish/v1/ HTTP/1.1\r\nHost: b\r\n\r\n")
    async with asyncio.timeout(DEADLINE):
        while await reader.read(100):
            pass
    writer.close()
    await eventually(running.log / "refused.jsonl", "connection: SSLError")
    assert (await ask(running, "GET", "/redfish/v1/Systems"))[0] == 200


async def test_one_peer_cannot_take_every_connection(running: Running) -> None:
    held = [
        await asyncio.open_connection(ADDRESS, running.port)
        for _ in range(Limits().peer_connections)
    ]
    reader, writer = await asyncio.open_connection(ADDRESS, running.port)
    async with asyncio.timeout(DEADLINE):
        assert await reader.read(1) == b""
    for _, held_writer in [*held, (reader, writer)]:
        held_writer.close()
    await eventually(running.log / "refused.jsonl", "too many connections of this peer")
    assert await answers_again(running) == 200


async def test_who_never_finishes_a_handshake_is_dropped(running: Running) -> None:
    reader, writer = await asyncio.open_connection(ADDRESS, running.port)
    begun = time.monotonic()
    async with asyncio.timeout(DEADLINE):
        assert await reader.read(1) == b""
    assert time.monotonic() - begun > Limits().handshake / 2
    writer.close()


async def test_it_stays_small(running: Running) -> None:
    for _ in range(30):
        assert (await ask(running, "GET", "/redfish/v1/Systems/lb1"))[0] == 200
    status = Path(f"/proc/{running.pid}/status").read_text()
    resident = next(int(s.split()[1]) for s in status.splitlines() if s.startswith("VmRSS"))
    assert resident < 40 * 1024
    maps = Path(f"/proc/{running.pid}/maps").read_text()
    for heavy in ("pydantic", "cryptography"):
        assert heavy not in maps


async def eventually(log: Path, text: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not (log.exists() and text in log.read_text()):
        assert time.monotonic() < deadline, f"{text!r} is not in {log}"
        await asyncio.sleep(0.02)


async def answers_again(running: Running) -> int:
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            return (await ask(running, "GET", "/redfish/v1/Systems"))[0]
        except (OSError, IndexError):
            assert time.monotonic() < deadline, "it does not answer any more"
            await asyncio.sleep(0.05)
