"""The service's life on this host: started by a step, killed, changed, stopped."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ashore.bmc import probe, process
from ashore.bmc.steps import PORT, Redfish
from ashore.host import cgroups
from ashore.pki.authority import make_ca
from tests.contract.bmc.conftest import MACHINES, REPOSITORY, Kept

STACK = "bmctrial"
NETNS = f"ashore-{STACK}"
ADDRESS = IPv4Address("10.79.214.3")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=30)


def program(file: Path) -> list[str]:
    python = [sys.executable, "-m", "tests.contract.bmc.standin", "--config", str(file)]
    return ["env", f"PYTHONPATH={REPOSITORY}", *python]


@pytest.fixture
async def step(tmp_path: Path) -> AsyncIterator[Redfish]:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a network namespace and a control group")
    ip("netns", "add", NETNS)
    try:
        ip("link", "add", "bmctrial", "type", "veth", "peer", "name", "br0", "netns", NETNS)
        ip("address", "add", "10.79.214.1/24", "dev", "bmctrial")
        ip("link", "set", "bmctrial", "up")
        ip("-n", NETNS, "address", "add", f"{ADDRESS}/24", "dev", "br0")
        ip("-n", NETNS, "link", "set", "br0", "up")
        machines = tmp_path / "machines"
        machines.mkdir()
        for name in MACHINES:
            (machines / name).write_text("on")
        made = Redfish(
            stack=STACK,
            driver="standin",
            machines=MACHINES,
            namespace=f"/run/netns/{NETNS}",
            address=ADDRESS,
            secrets=Kept(),
            ca=make_ca(STACK),
            directory=tmp_path / "bmc",
            log=tmp_path / "log",
            program=program,
            settings={"directory": str(machines), "seconds": 0.0},
        )
        yield made
    finally:
        await process.service(STACK).stop()
        ip("netns", "delete", NETNS)
    assert process.service(STACK).processes() == []


def service() -> int:
    """The service's own process, not the loop that starts it."""
    for pid in process.service(STACK).processes():
        if b"--config" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            return pid
    raise AssertionError("the service does not run")


async def back(step: Redfish, gone: int) -> float:
    """Seconds until another process than `gone` answers."""
    begun = time.monotonic()
    while True:
        if gone not in process.service(STACK).processes() and await step.drift() == []:
            return time.monotonic() - begun
        assert time.monotonic() < begun + 30, "it did not come back"
        await asyncio.sleep(0.02)


async def test_it_starts_and_a_second_look_finds_it_in_place(step: Redfish) -> None:
    [missing] = await step.drift()
    assert missing.startswith("it does not answer")
    await step.apply()
    assert await step.drift() == []
    mode = (step.directory / "config.json").stat().st_mode
    assert mode & 0o777 == 0o600
    # Only its socket lives in the fabric.
    assert Path(f"/proc/{service()}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    assert os.getsid(service()) != os.getsid(0)


async def test_it_comes_back_when_it_is_killed(step: Redfish) -> None:
    await step.apply()
    killed = service()
    os.kill(killed, signal.SIGKILL)
    assert await back(step, killed) < 30


async def test_a_drill_kills_the_service_and_not_what_starts_it_again(step: Redfish) -> None:
    await step.apply()
    killed = service()
    loop = [pid for pid in process.service(STACK).processes() if pid != killed]
    assert process.service(STACK).kill() == [killed]
    assert await back(step, killed) < 30
    assert set(loop) <= set(process.service(STACK).processes())
    await process.service(STACK).stop()
    assert process.service(STACK).kill() == []


async def test_a_change_restarts_it(step: Redfish) -> None:
    await step.apply()
    before = service()
    changed = replace(step, machines=("lb1",))
    assert await changed.drift() == ["its configuration differs"]
    await changed.apply()
    assert await changed.drift() == []
    assert service() != before


async def test_it_is_found_and_stopped_without_its_loop(step: Redfish) -> None:
    await step.apply()
    alone = service()
    loop = [pid for pid in process.service(STACK).processes() if pid != alone]
    for pid in loop:
        os.kill(pid, signal.SIGKILL)
    assert await step.drift() == []
    await process.service(STACK).stop()
    assert process.service(STACK).processes() == []
    assert all(not (r / f"ashore-{STACK}.bmc").exists() for r in cgroups.hierarchies().roots())
    await process.service(STACK).stop()  # no error if it is gone


async def test_a_service_that_cannot_start_says_why(
    step: Redfish, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ashore.bmc import steps
    from ashore.errors import AshoreError

    monkeypatch.setattr(steps, "_STARTED", 3.0)
    nowhere = replace(step, address=IPv4Address("10.79.214.99"))
    with pytest.raises(AshoreError, match="it does not answer") as raised:
        await nowhere.apply()
    printed = Path(raised.value.hint.rpartition(" ")[2])
    deadline = time.monotonic() + 30
    # It is started again and again, and what it printed begins anew with each start.
    while "Cannot assign requested address" not in (said := printed.read_text()):
        assert time.monotonic() < deadline, said
        await asyncio.sleep(0.02)


async def test_the_probe_names_what_is_missing() -> None:
    with pytest.raises(probe.NoAnswer, match=f"127.0.0.1:{PORT}"):
        await probe.version("127.0.0.1", PORT, make_ca("x").cert)
