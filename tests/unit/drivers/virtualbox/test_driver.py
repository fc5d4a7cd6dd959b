"""What a machine that runs is told: no real one runs where the tests do."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ashore.drivers.base import Freeze, Power, PowerState, Snapshots
from ashore.drivers.virtualbox import driver as module
from ashore.drivers.virtualbox import seed
from ashore.drivers.virtualbox.driver import VirtualBoxDriver, Way
from ashore.drivers.virtualbox.names import Names
from ashore.drivers.virtualbox.vboxmanage import VBoxManage
from ashore.errors import AshoreError
from ashore.transport.fake import RecordingTransport
from tests.unit.drivers.virtualbox.stacks import CONTROLPLANE, GATEWAY, STACK, blueprint

UUID = Names("demo").uuid("cp1")


class Fake(VBoxManage):
    """One machine, cp1; `state` is its VMState."""

    def __init__(self, state: str = "running") -> None:
        super().__init__()
        self.state = state
        self.stays = False
        self.calls: list[str] = []

    async def __call__(self, arguments: Sequence[str], timeout: float = 60.0) -> str:
        line = " ".join(arguments)
        online = self.state in ("running", "paused")
        if line == "list vms" or (line == "list runningvms" and online):
            return f'"ashore-demo-cp1" {{{UUID}}}'
        if line == f"showvminfo {UUID} --machinereadable":
            session = 'SessionName="headless"\n' if online else ""
            limits = "cpus=1\ncpuexecutioncap=50\nmemory=3072"
            return f'VMState="{self.state}"\n{session}{limits}'
        if arguments[0] in ("list", "getextradata"):
            return "Value: /cache/golden.vdi" if arguments[0] == "getextradata" else ""
        self.calls.append(line.replace(UUID, "UUID"))
        self._change(arguments)
        return ""

    def _change(self, arguments: Sequence[str]) -> None:
        after = {"startvm": "running", "poweroff": "poweroff", "pause": "paused"}
        after["resume"] = "running"
        word = arguments[0] if arguments[0] == "startvm" else arguments[2]
        if not self.stays:
            self.state = after.get(word, self.state)


@pytest.fixture
def vbox() -> Fake:
    return Fake()


@pytest.fixture
def ways() -> list[Way]:
    return []


@pytest.fixture
def driver(tmp_path: Path, vbox: Fake, ways: list[Way]) -> VirtualBoxDriver:
    def reach(way: Way) -> RecordingTransport:
        ways.append(way)
        return RecordingTransport(way.machine)

    wanted = blueprint(CONTROLPLANE)
    place = tmp_path / "machines/cp1/seed.iso"
    seed.save(place, seed.documents(Names("demo"), wanted))
    golden = Path("/cache/golden.vdi")
    return VirtualBoxDriver(STACK, golden, tmp_path, lambda kind, name: None, reach, vbox)


def test_what_it_can_do(driver: VirtualBoxDriver) -> None:
    assert isinstance(driver, Power)
    assert isinstance(driver, Freeze)
    assert isinstance(driver, Snapshots)


async def test_a_machine_that_runs_is_in_place(driver: VirtualBoxDriver, vbox: Fake) -> None:
    assert await driver.states() == {"cp1": PowerState.ON}
    assert await driver.machine_drift(blueprint(CONTROLPLANE)) == []
    await driver.machine_apply(blueprint(CONTROLPLANE))
    assert vbox.calls == []


@pytest.mark.parametrize("state", ["poweroff", "aborted", "saved"])
async def test_what_does_not_run_is_started(
    driver: VirtualBoxDriver, vbox: Fake, state: str
) -> None:
    vbox.state = state
    assert await driver.machine_drift(blueprint(CONTROLPLANE)) == ["the machine is off"]
    await driver.machine_apply(blueprint(CONTROLPLANE))
    assert vbox.calls == ["startvm UUID --type headless"]


async def test_power_off_waits_until_nothing_runs(driver: VirtualBoxDriver, vbox: Fake) -> None:
    await driver.power_off("cp1")
    await driver.power_off("cp1")
    assert vbox.calls == ["controlvm UUID poweroff"]
    assert await driver.states() == {"cp1": PowerState.OFF}


async def test_a_machine_that_will_not_go_off_is_told(
    driver: VirtualBoxDriver, vbox: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STOP", 0.0)
    vbox.stays = True
    with pytest.raises(AshoreError, match=r"cp1 is not off.*last seen: running"):
        await driver.power_off("cp1")


async def test_freeze_and_thaw(driver: VirtualBoxDriver, vbox: Fake) -> None:
    await driver.freeze("cp1")
    assert await driver.states() == {"cp1": PowerState.ON}
    await driver.thaw("cp1")
    await driver.thaw("cp1")
    assert vbox.calls == ["controlvm UUID pause", "controlvm UUID resume"]


async def test_the_cap_changes_while_it_runs_and_the_rest_does_not(
    driver: VirtualBoxDriver, vbox: Fake
) -> None:
    await driver.machine_apply(blueprint(replace(CONTROLPLANE, cpus=0.75)))
    assert vbox.calls == ["controlvm UUID cpuexecutioncap 75"]
    with pytest.raises(AshoreError, match="cp1 is on") as error:
        await driver.machine_apply(blueprint(replace(CONTROLPLANE, memory=4 << 30)))
    assert "ashore power off cp1" in error.value.hint


async def test_one_at_a_time_changes_a_machine(driver: VirtualBoxDriver, vbox: Fake) -> None:
    vbox.state = "poweroff"
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(driver.power_on("cp1"))
    assert vbox.calls == ["startvm UUID --type headless"]


def test_the_way_to_a_machine(driver: VirtualBoxDriver, ways: list[Way]) -> None:
    driver.transport("gw")
    driver.transport("cp1")
    gateway = Way("gw", "127.0.0.1", Names("demo").ssh_port)
    assert ways == [gateway, Way("cp1", str(CONTROLPLANE.address), 22, gateway)]
    assert GATEWAY.name == gateway.machine
