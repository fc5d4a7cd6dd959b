"""The driver of VirtualBox against the real VBoxManage, and what it makes booted in QEMU.

`make test-virtualbox` runs it; `make test` does not collect it: it needs Debian's
unstable suite and a minute or more of software emulation. No machine is started by
VirtualBox, whose kernel module is not there; the disk and the seed that it would
start are booted by QEMU, with what the same firmware and controllers look like to it.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from ashore.drivers.base import Blueprint, Level, PowerState, Snapshots
from ashore.drivers.virtualbox import preflight, seed
from ashore.drivers.virtualbox.driver import VirtualBoxDriver, Way
from ashore.drivers.virtualbox.layout import Layout
from ashore.drivers.virtualbox.names import Names
from ashore.drivers.virtualbox.vboxmanage import VBoxManage
from ashore.errors import AshoreError, ExitCode
from ashore.host.run import CommandFailed, run
from ashore.model.types import Machine, Role, Stack
from ashore.state.paths import cache_root
from ashore.transport.fake import RecordingTransport
from tests.contract.machines import STACK as CONTRACT
from tests.machine import sid
from tests.machine.boot_disk import BEGIN, BOOT_SECONDS, BUILD_SECONDS, END, FIRMWARE, QEMU

NAMES = Names("vbx")
NETWORK = replace(
    CONTRACT.network, cidr=IPv4Network("10.97.0.0/24"), gateway=IPv4Address("10.97.0.2")
)
GATEWAY = Machine("gw", Role.GATEWAY, 1, NETWORK.gateway, "02:00:00:61:00:02", 1.5, 1 << 30)
STORAGE = Machine(
    "s1", Role.STORAGE, 1, IPv4Address("10.97.0.50"), "02:00:00:61:00:32", 2.0, 1 << 30
)
STACK = replace(
    CONTRACT, name="vbx", driver="virtualbox", network=NETWORK, machines=(GATEWAY, STORAGE)
)
DATA = ("/var/lib/kept", "/srv/more")

SCRIPT = f"""\
#!/bin/sh
exec >/dev/ttyS1 2>&1
echo {BEGIN}
hostname
ip -color=never -4 -o address show dev eth0
ip -color=never -4 -o address show dev nat0
findmnt -rn -o TARGET,SOURCE -t ext4
vgck vg0 && echo group-sound
sshd -t && echo sshd-sound
systemctl --failed --no-legend --plain
echo {END}
systemctl poweroff
"""


def blueprint(machine: Machine) -> Blueprint:
    """A gateway with an address and two data directories; the script ends with power off."""
    network = f"version: 2\nethernets:\n  eth0:\n    match:\n      macaddress: '{machine.mac}'\n"
    network += f"    set-name: eth0\n    addresses: [{machine.address}/24]\n"
    meta = f"instance-id: vbx-{machine.name}\nlocal-hostname: {machine.name}\n"
    return Blueprint(machine, SCRIPT, meta, network, DATA)


@dataclass(frozen=True)
class Place:
    """A user of VirtualBox of whom nothing is there at first.

    Attributes:
        command: runs VBoxManage.
        golden: the VDI of `ashore image build`.
        state: the stack's directory.
    """

    command: tuple[str, ...]
    golden: Path
    state: Path

    @property
    def vbox(self) -> VBoxManage:
        return VBoxManage(self.command)

    def driver(self, stack: Stack = STACK) -> VirtualBoxDriver:
        def reach(way: Way) -> RecordingTransport:
            return RecordingTransport(way.machine)

        return VirtualBoxDriver(
            stack, self.golden, self.state, lambda kind, name: None, reach, self.vbox
        )


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    ashore = Path(sys.executable).parent / "ashore"
    # By a name: of several stacks that are up, none is meant without one.
    argv = [ashore, "image", "build", "--stack", NAMES.stack, "--yes", "-o", "json"]
    argv += ["--format", "vdi"]
    built = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_SECONDS, check=True)
    golden = Path(json.loads(built.stdout)["files"][0]["path"])
    root = asyncio.run(sid.chroot(cache_root()))
    with tempfile.TemporaryDirectory(prefix="vbx-", dir="/var/tmp") as directory:
        state = Path(directory) / "vbx"
        state.mkdir()
        with sid.entered(root, Path(directory), [state, golden.parent]) as command:
            yield Place(command, golden, state)


def fingerprint(file: Path) -> str:
    """Of a disk: whether anything wrote to it. (VirtualBox opens it for writing and does not.)"""
    argv = ["sha256sum", file]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


async def not_started(driver: VirtualBoxDriver, machine: Machine) -> None:
    """Apply a machine as far as it goes here: VirtualBox's own word that it cannot start."""
    with pytest.raises(
        CommandFailed,
        match=r"startvm.*\n.*(Kernel driver not|terminated unexpectedly during startup)",
    ):
        await driver.machine_apply(blueprint(machine))


async def come_up(driver: VirtualBoxDriver) -> None:
    await driver.fabric_apply()
    for machine in STACK.machines:
        if await driver.machine_drift(blueprint(machine)) != ["the machine is off"]:
            await not_started(driver, machine)


async def nothing_left(place: Place) -> None:
    """VirtualBox knows of no machine and no medium, and no file of them is there."""
    assert await place.vbox.machines() == []
    assert [*await place.vbox.media(), *await place.vbox.media("dvds")] == []
    assert list(place.state.rglob("*.vdi")) == []
    assert place.golden.is_file()


async def test_what_preflight_says_of_it(place: Place) -> None:
    found = {f.id: f for f in await preflight.preflight(STACK, place.command)}
    assert found["vboxmanage"].level is Level.OK
    assert found["vm-names"].level is Level.OK
    assert found["vboxdrv"].level is Level.ERROR
    missing = await preflight.preflight(STACK, ("no-such-program",))
    assert [(f.id, f.level) for f in missing] == [("vboxmanage", Level.ERROR)]


async def test_machines_are_made_up_to_the_start(place: Place) -> None:
    driver = place.driver()
    assert await driver.states() == {}
    assert await driver.fabric_drift() == []
    before = fingerprint(place.golden)
    for machine in STACK.machines:
        assert await driver.machine_drift(blueprint(machine)) == ["the machine does not exist"]
    await come_up(driver)
    for machine in STACK.machines:
        assert await driver.machine_drift(blueprint(machine)) == ["the machine is off"]
    assert await driver.states() == {"gw": PowerState.OFF, "s1": PowerState.OFF}
    assert fingerprint(place.golden) == before


async def test_they_are_what_was_asked_for(place: Place) -> None:
    shown = await place.vbox.show(NAMES.uuid("gw"))
    wanted = {
        "name": "ashore-vbx-gw",
        "groups": "/ashore-vbx",
        "firmware": "EFI",
        "cpus": "2",
        "cpuexecutioncap": "75",
        "memory": "1024",
        "nic1": "nat",
        "Forwarding(0)": f"ssh,tcp,127.0.0.1,{NAMES.ssh_port},,22",
        "nic2": "intnet",
        "intnet2": "ashore-vbx",
        "macaddress2": "020000610002",
        "nictype2": "virtio",
        "storagecontrollertype0": "IntelAhci",
    }
    assert {key: shown.get(key) for key in wanted} == wanted
    layout = Layout(place.state / "machines/gw")
    files = [layout.root, layout.seed, layout.data(1), layout.data(2)]
    assert [shown[f"SATA-{port}-0"] for port in range(4)] == [str(file) for file in files]
    assert shown["uartmode1"] == f"file,{layout.console}"
    other = await place.vbox.show(NAMES.uuid("s1"))
    assert (other["nic1"], other["nic2"], other["intnet1"]) == ("intnet", "none", "ashore-vbx")


async def test_its_disk_is_a_linked_clone(place: Place) -> None:
    media = {m.location: m for m in await place.vbox.media()}
    golden = media[str(place.golden)]
    for machine in STACK.machines:
        root = Layout(place.state / "machines" / machine.name).root
        assert media[str(root)].parent == golden.uuid
        assert root.stat().st_blocks * 512 < 8 << 20


async def test_the_seed_on_the_iso(place: Place) -> None:
    layout = Layout(place.state / "machines/gw")
    assert seed.load(layout.seed) == dict(seed.documents(NAMES, blueprint(GATEWAY)))
    assert layout.seed.stat().st_mode & 0o777 == 0o600
    driver = place.driver()
    changed = replace(blueprint(GATEWAY), user_data="#cloud-config\n")
    assert "the seed of its first boot differs" in await driver.machine_drift(changed)


async def test_limits_are_changed_while_it_is_off(place: Place) -> None:
    driver = place.driver()
    larger = replace(STORAGE, cpus=2.5, memory=2 << 30)
    differs = "it has 2 cpus of 100 % and 1024 MiB instead of 3 cpus of 83 % and 2048 MiB"
    assert differs in await driver.machine_drift(blueprint(larger))
    await not_started(driver, larger)
    assert await driver.machine_drift(blueprint(larger)) == ["the machine is off"]
    await not_started(driver, STORAGE)
    assert await driver.machine_drift(blueprint(STORAGE)) == ["the machine is off"]


async def test_snapshot_and_rollback(place: Place) -> None:
    driver = place.driver()
    assert isinstance(driver, Snapshots)
    uuid, root = NAMES.uuid("s1"), str(Layout(place.state / "machines/s1").root)
    await driver.snapshot_take("s1", "before")
    assert await driver.snapshots("s1") == ["before"]
    written = (await place.vbox.show(uuid))["SATA-0-0"]
    assert written != root
    await place.vbox(["modifyvm", uuid, "--memory", "512"])
    await driver.snapshot_restore("s1", "before")
    shown = await place.vbox.show(uuid)
    assert shown["memory"] == "1024"
    assert shown["SATA-0-0"] not in (written, root)
    await driver.snapshot_delete("s1", "before")
    assert await driver.snapshots("s1") == []
    await driver.snapshot_take("s1", "first")
    await driver.snapshot_take("s1", "second")
    assert await driver.snapshots("s1") == ["first", "second"]


async def test_power_off_of_what_is_off_or_absent(place: Place) -> None:
    driver = place.driver()
    await driver.power_off("gw")
    await driver.power_off("w9")
    await driver.thaw("gw")


async def test_a_machine_is_removed_alone_with_its_snapshots(place: Place) -> None:
    driver = place.driver()
    await driver.remove("s1")
    await driver.remove("s1")
    assert await driver.states() == {"gw": PowerState.OFF}
    assert not (place.state / "machines/s1").exists()
    assert not [m for m in await place.vbox.media() if "/s1/" in m.location]


async def test_a_half_made_machine_is_made_anew(place: Place) -> None:
    driver = place.driver()
    await place.vbox(["setextradata", NAMES.uuid("gw"), "ashore/made"])
    assert await driver.machine_drift(blueprint(GATEWAY)) == ["the machine does not exist"]
    await come_up(driver)
    assert await driver.machine_drift(blueprint(GATEWAY)) == ["the machine is off"]


async def test_down_leaves_nothing_but_the_golden_disk(place: Place) -> None:
    before = fingerprint(place.golden)
    driver = place.driver()
    await driver.snapshot_take("gw", "kept")
    assert await driver.destroy() == []
    assert await driver.destroy() == []
    await nothing_left(place)
    assert fingerprint(place.golden) == before


async def test_down_without_the_state_directory(place: Place) -> None:
    driver = place.driver()
    await come_up(driver)
    await run(["rm", "-r", str(place.state / "machines")])
    assert await driver.destroy() == []
    await nothing_left(place)


async def test_down_after_another_golden_disk_was_built(place: Place) -> None:
    await not_started(place.driver(), STORAGE)
    later = replace(place, golden=place.state / "later.vdi").driver()
    assert await later.destroy() == []
    await nothing_left(place)


async def test_two_stacks_share_the_golden_disk(place: Place) -> None:
    other = replace(STACK, name="vby", machines=(STORAGE,))
    one, two = place.driver(), replace(place, state=place.state / "other").driver(other)
    await not_started(one, STORAGE)
    await not_started(two, STORAGE)
    assert await one.destroy() == []
    assert await two.states() == {"s1": PowerState.OFF}
    assert await two.destroy() == []
    await nothing_left(place)


async def test_somebody_elses_vm_of_the_same_name(place: Place) -> None:
    await place.vbox(["createvm", "--name", "ashore-vbx-gw", "--register"])
    driver = place.driver()
    try:
        with pytest.raises(AshoreError, match="ashore-vbx-gw that this stack did not") as error:
            await driver.fabric_apply()
        assert error.value.exit_code is ExitCode.HOST
        found = {f.id: f.level for f in await preflight.preflight(STACK, place.command)}
        assert found["vm-names"] is Level.ERROR
        assert await driver.destroy() == []
        assert [vm.name for vm in await place.vbox.machines()] == ["ashore-vbx-gw"]
    finally:
        await place.vbox(["unregistervm", "ashore-vbx-gw", "--delete"])


async def flattened(place: Place) -> Path:
    """The gateway's disk as VirtualBox reads it through the clone: QEMU knows no linked VDI."""
    whole = place.state / "whole.vdi"
    root = Layout(place.state / "machines/gw").root
    await place.vbox(["clonemedium", "disk", str(root), str(whole)], timeout=600)
    await place.vbox(["closemedium", "disk", str(whole)])
    return whole


def qemu(directory: Path, whole: Path, layout: Layout) -> list[str]:
    """A computer with the controllers, ports, cards and serial numbers of the gateway."""
    (directory / "variables.fd").write_bytes((FIRMWARE / "OVMF_VARS_4M.fd").read_bytes())
    argv = [*QEMU]
    argv += ["-m", "1024", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    code = FIRMWARE / "OVMF_CODE_4M.fd"
    argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"]
    argv += ["-drive", f"if=pflash,unit=1,format=raw,file={directory}/variables.fd"]
    disks = [whole, layout.data(1), layout.data(2)]
    for index, (port, disk) in enumerate(zip((0, 2, 3), disks, strict=True)):
        argv += ["-drive", f"if=none,id=d{port},format=vdi,file={disk}"]
        argv += ["-device", f"ide-hd,bus=ide.{port},drive=d{port},serial=ashore-data-{index}"]
    argv += ["-drive", f"if=none,id=seed,format=raw,readonly=on,file={layout.seed}"]
    argv += ["-device", "ide-cd,bus=ide.1,drive=seed"]
    for number, mac in enumerate((NAMES.nat_mac, GATEWAY.mac)):
        argv += ["-netdev", f"user,id=n{number},restrict=on"]
        argv += ["-device", f"virtio-net-pci,netdev=n{number},mac={mac}"]
    argv += ["-serial", f"file:{layout.console}", "-serial", f"file:{directory}/port.log"]
    return argv


async def test_what_it_made_boots_to_the_end_of_cloud_init(place: Place) -> None:
    driver = place.driver()
    await not_started(driver, GATEWAY)
    layout = Layout(place.state / "machines/gw")
    argv = qemu(place.state, await flattened(place), layout)
    done = await run(argv, timeout=BOOT_SECONDS, check=False)
    said = (place.state / "port.log").read_text(errors="replace").replace("\r", "")
    console = layout.console.read_text(errors="replace")
    seen = f"{done.stderr!r}\n{console[-3000:]}\n{said}"
    assert done.returncode == 0, seen
    assert BEGIN in said and END in said, seen
    lines = said.split(BEGIN)[1].split(END)[0].split("\n")
    assert {"gw", "group-sound", "sshd-sound"} <= set(lines), seen
    assert [x for x in lines if "eth0" in x and "10.97.0.2/24" in x], seen
    assert [x for x in lines if "nat0" in x and "10.0.2.15/24" in x], seen
    for directory in DATA:
        assert [x for x in lines if x.startswith(f"{directory} /dev/sd")], seen
    assert not [x for x in lines if " failed failed " in x], seen
    assert await driver.destroy() == []
    await nothing_left(place)
