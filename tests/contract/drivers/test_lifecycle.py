"""One stack through its life. The tests of this file run in their order."""

import asyncio
import os
import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from ashore.drivers.base import PowerState
from ashore.drivers.nspawn.driver import NspawnDriver
from ashore.transport.base import MachineDown
from tests.contract.machines import (
    DATA,
    GATEWAY,
    STACK,
    WORKER,
    blueprint,
    booted,
    eventually,
    state_root,
    traces,
)

pytestmark = pytest.mark.machines

MACHINES = (GATEWAY, WORKER)


async def up(driver: NspawnDriver) -> None:
    if await driver.fabric_drift():
        await driver.fabric_apply()
    assert await driver.fabric_drift() == []
    for machine in MACHINES:
        if await driver.machine_drift(blueprint(machine)):
            await driver.machine_apply(blueprint(machine))


async def assert_in_place(driver: NspawnDriver) -> None:
    for machine in MACHINES:
        assert await driver.machine_drift(blueprint(machine)) == []


async def test_nothing_is_there_at_first(driver: NspawnDriver) -> None:
    assert await driver.states() == {}
    assert await driver.fabric_drift()
    assert await driver.machine_drift(blueprint(GATEWAY))
    assert traces() == []


async def test_machines_come_up(driver: NspawnDriver) -> None:
    await up(driver)
    await assert_in_place(driver)
    assert await driver.states() == {"gw": PowerState.ON, "w1": PowerState.ON}


async def test_cloud_init_configured_them(driver: NspawnDriver) -> None:
    for machine in MACHINES:
        transport = driver.transport(machine.name)
        await booted(transport)
        assert (await transport.get("/etc/seeded")).decode() == machine.name
        assert (await transport.run(["hostname"])).text == machine.name
        result = await transport.get("/run/cloud-init/result.json")
        assert b'"errors": []' in result


async def test_every_unit_started(driver: NspawnDriver) -> None:
    for machine in MACHINES:
        transport = driver.transport(machine.name)
        waited = await transport.run(["systemctl", "is-system-running", "--wait"], check=False)
        failed = await transport.run(["systemctl", "--failed", "--no-legend", "--plain"])
        assert (waited.text, failed.text) == ("running", "")


async def test_identities_differ(driver: NspawnDriver) -> None:
    identities = {await driver.transport(m.name).get("/etc/machine-id") for m in MACHINES}
    assert len(identities) == len(MACHINES)
    assert all(len(identity) == 33 for identity in identities)


async def test_machines_reach_each_other_and_the_host_reaches_them(driver: NspawnDriver) -> None:
    gateway = driver.transport("gw")
    for address in (WORKER.address, STACK.network.host):
        await eventually(gateway, "ping", "-c1", "-W1", str(address))


async def test_limits_are_enforced(driver: NspawnDriver) -> None:
    await driver.machine_apply(blueprint(replace(GATEWAY, cpus=0.5, memory=96 << 20)))
    transport = driver.transport("gw")
    hog = await transport.run(
        ["python3", "-c", "x = bytearray(512 << 20)"], check=False, timeout=120
    )
    assert hog.returncode != 0
    spun = await transport.run(
        [
            "python3",
            "-c",
            "import time; end = time.time() + 2\nwhile time.time() < end: pass\n"
            "print(time.process_time())",
        ]
    )
    # One process may use half a processor: 1.0 s in 2 s, a quarter more for jitter.
    assert float(spun.text) < 1.25
    assert len(await driver.machine_drift(blueprint(GATEWAY))) == 2
    await driver.machine_apply(blueprint(GATEWAY))
    await assert_in_place(driver)


def setting(name: str) -> str:
    return (Path("/proc/sys") / name).read_text()


async def test_a_machine_cannot_change_the_host(driver: NspawnDriver) -> None:
    transport = driver.transport("w1")
    for name, value in {"kernel/panic": "10", "vm/overcommit_memory": "1"}.items():
        before = setting(name)
        # The kubelet finds what it wants, and what it writes stays in the machine.
        assert (await transport.get(f"/proc/sys/{name}")).decode().strip() == value
        await transport.run(["sh", "-c", f"echo {value} >/proc/sys/{name}"], check=False)
        assert setting(name) == before


async def test_a_second_apply_changes_nothing(driver: NspawnDriver) -> None:
    transport = driver.transport("w1")
    before = await transport.get("/proc/sys/kernel/random/boot_id")
    await up(driver)
    await driver.machine_apply(blueprint(WORKER))
    assert await transport.get("/proc/sys/kernel/random/boot_id") == before


async def test_power_off_and_on_keeps_root_and_data(driver: NspawnDriver) -> None:
    transport = driver.transport("w1")
    await transport.put(f"{DATA}/data", b"kept")
    await transport.put("/etc/root", b"kept")
    await driver.power_off("w1")
    assert (await driver.states())["w1"] is PowerState.OFF
    assert await driver.machine_drift(blueprint(WORKER)) == ["the machine is off"]
    with pytest.raises(MachineDown):
        await transport.run(["true"])
    await driver.power_off("w1")  # pulling the cord twice is no error
    await driver.power_on("w1")
    assert (await driver.states())["w1"] is PowerState.ON
    assert await transport.get(f"{DATA}/data") == b"kept"
    assert await transport.get("/etc/root") == b"kept"
    await booted(transport)
    await eventually(transport, "ping", "-c1", "-W1", str(GATEWAY.address))


async def test_a_reboot_from_inside_starts_it_again(driver: NspawnDriver) -> None:
    transport = driver.transport("w1")
    before = (await transport.run(["cat", "/proc/sys/kernel/random/boot_id"])).text
    await transport.run(["systemctl", "reboot"], check=False)
    await eventually(transport, "sh", "-c", f"! grep -q {before} /proc/sys/kernel/random/boot_id")
    await eventually(transport, "ping", "-c1", "-W1", str(GATEWAY.address))
    await assert_in_place(driver)


async def test_a_killed_machine_is_noticed_and_mended(driver: NspawnDriver) -> None:
    target = re.search(r"--target=(\d+)", " ".join(driver.transport("w1").argv(["true"])))
    assert target is not None
    os.kill(int(target[1]), signal.SIGKILL)
    for _ in range(600):
        if (await driver.states())["w1"] is PowerState.OFF:
            break
        await asyncio.sleep(0.05)
    assert await driver.machine_drift(blueprint(WORKER)) == ["the machine is off"]
    await up(driver)
    await assert_in_place(driver)
    assert await driver.transport("w1").get(f"{DATA}/data") == b"kept"


async def test_a_cut_link_is_noticed_and_mended(driver: NspawnDriver) -> None:
    transport = driver.transport("w1")
    await booted(transport)
    await transport.run(["ip", "link", "delete", "eth0"])
    assert await driver.machine_drift(blueprint(WORKER)) == ["its link to the fabric is missing"]
    await up(driver)
    await eventually(transport, "ping", "-c1", "-W1", str(GATEWAY.address))


async def test_a_machine_is_removed_alone(driver: NspawnDriver) -> None:
    await driver.remove("w1")
    await driver.remove("w1")
    assert await driver.states() == {"gw": PowerState.ON}
    assert not any("w1" in trace for trace in traces())


async def test_destroy_works_without_the_state_directory(driver: NspawnDriver) -> None:
    await up(driver)
    shutil.rmtree(state_root() / STACK.name / "machines")
    assert await driver.destroy() == []
    assert traces() == []
    assert await driver.states() == {}
