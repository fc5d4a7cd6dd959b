"""What a machine that runs is told: no real one runs where the tests do."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ashore.drivers.base import (
    Console,
    Disks,
    Freeze,
    Guests,
    Links,
    Namespaces,
    Power,
    PowerState,
    Programs,
    Snapshots,
)
from ashore.drivers.shared.disks import Golden
from ashore.drivers.virtualbox import driver as module
from ashore.drivers.virtualbox import seed
from ashore.drivers.virtualbox.driver import VirtualBoxDriver
from ashore.drivers.virtualbox.layout import Layout
from ashore.drivers.virtualbox.names import Names
from ashore.drivers.virtualbox.tunnel import Tunnel
from ashore.drivers.virtualbox.vboxmanage import VBoxManage
from ashore.errors import AshoreError
from ashore.image.types import Image
from ashore.model.types import Stack
from ashore.transport import ssh
from ashore.transport.base import MachineDown
from ashore.transport.ssh import Login, Way
from tests.unit.drivers.virtualbox.stacks import CONTROLPLANE, STACK, blueprint

UUID = Names("demo").uuid("cp1")
LOGIN = Login(Path("/secrets/user"), Path("/files/known_hosts"))


class Fake(VBoxManage):
    """One machine, cp1; `state` is its VMState."""

    def __init__(self, state: str = "running") -> None:
        super().__init__(("VBoxManage",))
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


def make(state: Path, vbox: VBoxManage, stack: Stack = STACK) -> VirtualBoxDriver:
    golden = Golden(Path("/cache/golden.vdi"), Image("", (), {}), Path("/cache"), "vdi")
    return VirtualBoxDriver(stack, golden, state, lambda kind, name: None, lambda: LOGIN, vbox)


@pytest.fixture
def driver(tmp_path: Path, vbox: Fake) -> VirtualBoxDriver:
    wanted = blueprint(CONTROLPLANE)
    place = tmp_path / "machines/cp1/seed.iso"
    seed.save(place, seed.documents(Names("demo"), wanted, programs=False, uplink=False))
    return make(tmp_path, vbox)


def test_what_it_can_do(driver: VirtualBoxDriver) -> None:
    for ability in (Power, Freeze, Snapshots, Programs):
        assert isinstance(driver, ability)
    for lacking in (Links, Guests, Console, Disks, Namespaces):
        assert not isinstance(driver, lacking)


async def test_another_drivers_machines_are_not_its_own(tmp_path: Path, vbox: Fake) -> None:
    (tmp_path / "machines/w1").mkdir(parents=True)
    assert await make(tmp_path, vbox).states() == {"cp1": PowerState.ON}


class Broken(VBoxManage):
    async def __call__(self, arguments: Sequence[str], timeout: float = 60.0) -> str:
        raise AshoreError("no answer")


async def test_a_broken_virtualbox_keeps_no_other_drivers_stack_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(self: Tunnel) -> list[str]:
        return []

    monkeypatch.setattr(Tunnel, "destroy", nothing)
    monkeypatch.setattr(Tunnel, "left", nothing)
    broken = Broken(("VBoxManage",))
    left = ["VirtualBox, which cannot be asked: no answer"]
    assert await make(tmp_path, broken).destroy() == left
    containers = replace(STACK, driver="nspawn")
    assert await make(tmp_path, broken, containers).destroy() == []
    seed.save(Layout(tmp_path / "machines/cp1").seed, {"meta-data": ""})
    assert await make(tmp_path, broken, containers).destroy() == left


async def test_nothing_is_there_where_virtualbox_is_not(tmp_path: Path) -> None:
    driver = make(tmp_path, VBoxManage(()))
    assert await driver.states() == {}
    await driver.power_off("cp1")
    with pytest.raises(AshoreError, match="VBoxManage is not installed"):
        await driver.fabric_drift()


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


def test_the_way_to_a_machine(driver: VirtualBoxDriver, tmp_path: Path) -> None:
    machines, here = tmp_path / "machines", IPv4Address("127.0.0.1")
    seed.save(Layout(machines / "gw").seed, {"meta-data": ""})
    gateway = Way("gw", here, machines / "gw/ssh.sock", port=Names("demo").ssh_port)
    assert driver.inside("gw", [])[:-1] == ssh.command(gateway, LOGIN)
    way = Way("cp1", CONTROLPLANE.address, machines / "cp1/ssh.sock", through=gateway)
    assert driver.inside("cp1", [])[:-1] == ssh.command(way, LOGIN)


def test_the_way_to_a_machine_that_the_file_names_no_more(
    driver: VirtualBoxDriver, tmp_path: Path
) -> None:
    layout = Layout(tmp_path / "machines/w9")
    layout.keep_address(IPv4Address("10.79.213.109"))
    seed.save(layout.seed, {"meta-data": ""})
    assert "root@10.79.213.109" in driver.inside("w9", [])


async def test_a_machine_that_was_never_made_is_not_asked(tmp_path: Path, vbox: Fake) -> None:
    def login() -> Login:
        raise AssertionError

    golden = Golden(Path("/cache/golden.vdi"), Image("", (), {}), Path("/cache"), "vdi")
    made = VirtualBoxDriver(STACK, golden, tmp_path, lambda kind, name: None, login, vbox)
    with pytest.raises(MachineDown):
        await made.transport("gw").run(["true"])


def test_the_redfish_service_is_where_the_tunnel_has_its_address(
    driver: VirtualBoxDriver, tmp_path: Path
) -> None:
    place = driver.bmc_place()
    assert (place.namespace, place.directory) == ("", tmp_path / "bmc")
