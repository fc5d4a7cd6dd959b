"""The driver contract on virtual machines, and what only they can do.

`make test-qemu` runs it. Software emulation takes a minute for a boot on an idle
computer, so `make test` does not collect it: its name keeps it out.
"""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from ashore.drivers.base import PowerState
from ashore.drivers.qemu import process
from ashore.drivers.qemu.driver import QemuDriver
from ashore.drivers.shared.names import Names
from ashore.transport.base import CommandFailed, MachineDown, Transport
from tests.contract import machines
from tests.contract.drivers import test_lifecycle as contract
from tests.contract.machines import (
    DATA,
    GATEWAY,
    NAME,
    STACK,
    WORKER,
    blueprint,
    booted,
    eventually,
)
from tests.contract.transport import test_transport as ways

PING = ("ping", "-c1", "-W2", str(GATEWAY.address))

# The tests of the contract that ask nothing of containers alone; they run in this order.
test_nothing_is_there_at_first = contract.test_nothing_is_there_at_first
test_machines_come_up = contract.test_machines_come_up


async def reachable(driver: QemuDriver, name: str) -> Transport:
    transport = driver.transport(name)
    await booted(transport)
    return transport


@pytest.fixture(scope="module")
def driver() -> Iterator[QemuDriver]:
    for made in machines.drivers("qemu"):
        assert isinstance(made, QemuDriver)
        yield made


@pytest.fixture
def transport(driver: QemuDriver) -> Transport:
    return driver.transport(GATEWAY.name)


test_cloud_init_configured_them = contract.test_cloud_init_configured_them
test_every_unit_started = contract.test_every_unit_started
test_identities_differ = contract.test_identities_differ
test_machines_reach_each_other = contract.test_machines_reach_each_other_and_the_host_reaches_them
test_a_second_apply_changes_nothing = contract.test_a_second_apply_changes_nothing

test_output = ways.test_run_gives_output_and_return_code
test_failure = ways.test_a_failure_carries_what_was_printed
test_missing_program = ways.test_a_missing_program_is_a_failure
test_arguments = ways.test_arguments_are_not_interpreted
test_standard_input = ways.test_standard_input_is_what_was_given_or_empty
test_environment = ways.test_the_environment_is_the_machines_own
test_without_end = ways.test_a_command_without_end_is_ended
test_put = ways.test_put_writes_content_mode_and_owner
test_put_again = ways.test_put_replaces_and_leaves_nothing_beside
test_get_nothing = ways.test_get_of_nothing_is_a_failure


async def test_data_has_a_disk_of_its_own(driver: QemuDriver) -> None:
    transport = driver.transport("w1")
    mounted = await transport.run(["findmnt", "-no", "FSTYPE,TARGET", DATA])
    assert mounted.text.split() == ["ext4", DATA]
    # kubeadm takes only an empty directory for etcd.
    assert (await transport.run(["ls", "-A", DATA])).text == ""


async def test_a_frozen_machine_answers_nobody_until_it_thaws(driver: QemuDriver) -> None:
    transport = driver.transport("gw")
    alive = ["ping", "-c1", "-W2", str(WORKER.address)]
    await driver.freeze("w1")
    assert (await transport.run(alive, check=False)).returncode != 0
    await driver.thaw("w1")
    await eventually(transport, *alive)


@pytest.mark.parametrize("silently", [False, True])
async def test_a_cut_link_is_mended(driver: QemuDriver, *, silently: bool) -> None:
    worker = await reachable(driver, "w1")
    watch = "sleep 4; cat /sys/class/net/eth0/carrier > /run/carrier"
    await worker.run(["systemd-run", "--collect", "--no-block", "sh", "-c", watch])
    await driver.link_cut("w1", silently=silently)
    assert await driver.links_disturbed() == ["w1"]
    ping = ["ping", "-c1", "-W2", str(WORKER.address)]
    assert (await driver.transport("gw").run(ping, check=False)).returncode != 0
    await asyncio.sleep(10)
    await driver.link_mend("w1")
    assert await driver.links_disturbed() == []
    await eventually(driver.transport("gw"), *ping)
    assert (await eventually(worker, "cat", "/run/carrier")) == ("1" if silently else "0")


async def test_power_off_and_on_keeps_root_and_data(driver: QemuDriver) -> None:
    transport = await reachable(driver, "w1")
    await transport.put(f"{DATA}/data", b"kept")
    await transport.put("/etc/root", b"kept")
    await transport.run(["sync"])
    await driver.power_off("w1")
    assert (await driver.states())["w1"] is PowerState.OFF
    assert await driver.machine_drift(blueprint(WORKER)) == ["the machine is off"]
    with pytest.raises(MachineDown):
        await transport.run(["true"])
    await driver.power_off("w1")  # pulling the cord twice is no error
    await driver.power_on("w1")
    assert (await driver.states())["w1"] is PowerState.ON
    await booted(transport)
    assert await transport.get(f"{DATA}/data") == b"kept"
    assert await transport.get("/etc/root") == b"kept"
    await eventually(transport, *PING)


async def test_a_killed_machine_is_noticed_and_mended(driver: QemuDriver) -> None:
    (pid,) = process.found(Names(NAME))["w1"]
    os.kill(pid, signal.SIGKILL)
    for _ in range(600):
        if (await driver.states())["w1"] is PowerState.OFF:
            break
        await asyncio.sleep(0.05)
    assert await driver.machine_drift(blueprint(WORKER)) == ["the machine is off"]
    await driver.machine_apply(blueprint(WORKER))
    await contract.assert_in_place(driver)
    with pytest.raises(CommandFailed):  # it runs, and does not answer yet
        await driver.transport("w1").run(["true"], timeout=1)


async def test_the_console_can_be_read(driver: QemuDriver) -> None:
    reader, writer = await asyncio.open_unix_connection(driver.console("gw"))
    writer.write(b"\r")
    try:
        # The prompt comes after what the terminal is told, in one piece or in several.
        await asyncio.wait_for(reader.readuntil(b"root@gw"), 120)
    finally:
        writer.close()


test_a_machine_is_removed_alone = contract.test_a_machine_is_removed_alone


async def test_destroy_works_without_the_state_directory(driver: QemuDriver) -> None:
    import shutil

    shutil.rmtree(machines.state_root() / STACK.name / "machines")
    assert await driver.destroy() == []
    assert machines.traces() == []
    assert await driver.states() == {}
