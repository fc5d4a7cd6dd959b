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
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ashore.components.lvm import thin
from ashore.components.lvm.brick import Brick
from ashore.drivers.base import Blueprint, Finding, Level, PowerState, Snapshots
from ashore.drivers.shared.disks import PROGRAMS, Golden, serial
from ashore.drivers.virtualbox import preflight, seed, tunnel
from ashore.drivers.virtualbox.driver import VirtualBoxDriver
from ashore.drivers.virtualbox.layout import Layout
from ashore.drivers.virtualbox.vboxmanage import VBoxManage
from ashore.errors import AshoreError, ExitCode
from ashore.host import links
from ashore.host.run import CommandFailed, run
from ashore.host.wait import until
from ashore.image.types import Image
from ashore.model.types import Machine, Stack
from ashore.recipe import BRICKS
from ashore.state.paths import cache_root
from ashore.supply.base import Room
from ashore.transport import ssh
from ashore.transport.ssh import Login, SshTransport, Way
from tests.contract.machines import STACK as CONTRACT
from tests.contract.machines import blueprint as contract_blueprint
from tests.contract.machines import eventually, login
from tests.contract.tunnel import NAMES, NETWORK, Beside, answers, beside, ip, reached
from tests.machine import sid
from tests.machine.boot_disk import BUILD_SECONDS, FIRMWARE, QEMU

PORT = "vbx-tap"
GATEWAY = replace(CONTRACT.machines[0], address=NETWORK.gateway)
WORKER = replace(CONTRACT.machines[1], address=NETWORK.cidr[100])
STACK = replace(
    CONTRACT, name=NAMES.stack, driver="virtualbox", network=NETWORK, machines=(GATEWAY, WORKER)
)
DATA = ("/var/lib/kept", "/srv/more")
PROGRAM = "#!/bin/sh\necho from the programs\n"
REACHED = 1200.0  # s; an emulated machine on a busy host


def blueprint(machine: Machine) -> Blueprint:
    """A machine with a static address, keys, a file by cloud-init, two data directories and
    a disk that is left blank for a brick.
    """
    return contract_blueprint(machine, data=(*DATA, BRICKS), blank=(BRICKS,))


@dataclass(frozen=True)
class Place:
    """A user of VirtualBox of whom nothing is there at first.

    Attributes:
        command: runs VBoxManage.
        golden: the VDI of `ashore image build`, programs, and content of a data directory.
        state: the stack's directory.
    """

    command: tuple[str, ...]
    golden: Golden
    state: Path

    @property
    def vbox(self) -> VBoxManage:
        return VBoxManage(self.command)

    def driver(self, stack: Stack = STACK) -> VirtualBoxDriver:
        def keys() -> Login:
            return login(self.state / "keys")

        return VirtualBoxDriver(
            stack, self.golden, self.state, lambda kind, name: None, keys, self.vbox
        )


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    ashore = Path(sys.executable).parent / "ashore"
    # By a name: of several stacks that are up, none is meant without one.
    argv = [ashore, "image", "build", "--stack", NAMES.stack, "--yes", "-o", "json"]
    argv += ["--format", "vdi"]
    built = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_SECONDS, check=True)
    disk = Path(json.loads(built.stdout)["files"][0]["path"])
    root = asyncio.run(sid.chroot(cache_root()))
    with tempfile.TemporaryDirectory(prefix="vbx-", dir="/var/tmp") as directory:
        state, cache = Path(directory) / "vbx", Path(directory) / "cache"
        state.mkdir()
        cache.mkdir()
        golden = Golden(disk, image(Path(directory) / "image"), cache, "vdi")
        with sid.entered(root, Path(directory), [state, disk.parent, cache]) as command:
            made = Place(command, golden, state)
            yield made
            # After a test that failed; the tunnel does not end with the chroot.
            asyncio.run(made.driver().destroy())


def image(directory: Path) -> Image:
    """A program, and what one of the data directories holds at first."""
    layer, content = directory / "programs", directory / "content"
    (layer / "usr/local/bin").mkdir(parents=True)
    (layer / "usr/local/bin/told").write_text(PROGRAM)
    (layer / "usr/local/bin/told").chmod(0o755)
    content.mkdir()
    (content / "golden").write_text("golden\n")
    return Image("test", (layer,), {DATA[1]: content})


def fingerprint(golden: Golden) -> str:
    """Of the disks: whether anything wrote to one. (VirtualBox opens them for writing.)"""
    argv = ["sha256sum", golden.disk, *sorted(golden.disks.rglob("*.vdi"))]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


async def not_started(driver: VirtualBoxDriver, machine: Machine) -> None:
    """Apply a machine as far as it goes here: VirtualBox's own word that it cannot start."""
    with pytest.raises(
        CommandFailed,
        match=r"startvm.*\n.*(Kernel driver not|terminated unexpectedly during startup)",
    ):
        await driver.machine_apply(blueprint(machine))


async def come_up(driver: VirtualBoxDriver) -> None:
    if await driver.fabric_drift():
        await driver.fabric_apply()
    for machine in STACK.machines:
        if await driver.machine_drift(blueprint(machine)) != ["the machine is off"]:
            await not_started(driver, machine)


async def nothing_left(place: Place) -> None:
    """VirtualBox knows of no machine and no medium, no file of them is there, and no link."""
    assert await place.vbox.machines() == []
    assert [*await place.vbox.media(), *await place.vbox.media("dvds")] == []
    assert list(place.state.rglob("*.vdi")) == []
    assert place.golden.disk.is_file()
    assert NAMES.link not in await links.links()
    assert tunnel.service(NAMES.stack).processes() == []


async def preflighted(place: Place) -> dict[str, Finding]:
    host = (place.state, place.golden.cache, Room(0, 0))
    found = await preflight.preflight(STACK, *host, place.vbox)
    return {finding.id: finding for finding in found}


async def test_what_preflight_says_of_it(place: Place) -> None:
    found = await preflighted(place)
    assert found["vboxmanage"].level is Level.OK, found["vboxmanage"].what
    assert found["vm-names"].level is Level.OK
    assert found["vboxdrv"].level is Level.ERROR
    assert {found["network"].level, found["nat"].level, found["links"].level} == {Level.OK}
    missing = await preflighted(replace(place, command=("no-such-program",)))
    assert missing["vboxmanage"].level is Level.ERROR


async def test_machines_are_made_up_to_the_start(place: Place) -> None:
    driver = place.driver()
    assert await driver.states() == {}
    link = f"no link {NAMES.link} into the stack on the host"
    assert await driver.fabric_drift() == [link]
    before = fingerprint(place.golden)
    for machine in STACK.machines:
        assert await driver.machine_drift(blueprint(machine)) == ["the machine does not exist"]
    await come_up(driver)
    assert await driver.fabric_drift() == []
    for machine in STACK.machines:
        assert await driver.machine_drift(blueprint(machine)) == ["the machine is off"]
    assert await driver.states() == {"gw": PowerState.OFF, "w1": PowerState.OFF}
    assert before in fingerprint(place.golden)


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
        "macaddress2": "020000D50002",
        "nictype2": "virtio",
        "storagecontrollertype0": "IntelAhci",
    }
    assert {key: shown.get(key) for key in wanted} == wanted
    layout = Layout(place.state / "machines/gw")
    files = [layout.root, layout.seed, *further(layout)]
    assert [shown[f"SATA-{port}-0"] for port in range(6)] == [str(file) for file in files]
    assert shown["uartmode1"] == f"file,{layout.console}"
    other = await place.vbox.show(NAMES.uuid("w1"))
    assert (other["nic1"], other["nic2"], other["intnet1"]) == ("intnet", "none", "ashore-vbx")


def further(layout: Layout) -> list[Path]:
    """The disks of data directories and programs, in the order of their ports."""
    numbers = (serial(directory) for directory in (*DATA, BRICKS))
    return [layout.disk(number) for number in (*numbers, PROGRAMS)]


async def test_its_disks_are_linked_clones(place: Place) -> None:
    media = {m.location: m for m in await place.vbox.media()}
    empty, content, blank = (place.golden.place(*base) for base in bases(place))
    for machine in STACK.machines:
        layout = Layout(place.state / "machines" / machine.name)
        wanted = [place.golden.disk, empty, content, blank, place.golden.programs]
        for clone, base in zip([layout.root, *further(layout)], wanted, strict=True):
            assert media[str(clone)].parent == media[str(base)].uuid
            assert clone.stat().st_blocks * 512 < 8 << 20


def bases(place: Place) -> list[tuple[str, Path]]:
    content = place.golden.image.golden[DATA[1]]
    return [("data", Path("empty")), ("data", content), ("blank", Path("nothing"))]


async def test_the_seed_on_the_iso(place: Place) -> None:
    layout = Layout(place.state / "machines/gw")
    wanted = seed.documents(NAMES, blueprint(GATEWAY), programs=True, uplink=False)
    assert seed.load(layout.seed) == wanted
    assert layout.seed.stat().st_mode & 0o777 == 0o600
    driver = place.driver()
    changed = replace(blueprint(GATEWAY), user_data="#cloud-config\n")
    assert "the seed of its first boot differs" in await driver.machine_drift(changed)


async def test_limits_are_changed_while_it_is_off(place: Place) -> None:
    driver = place.driver()
    larger = replace(WORKER, cpus=2.5, memory=2 << 30)
    differs = "it has 2 cpus of 100 % and 1024 MiB instead of 3 cpus of 83 % and 2048 MiB"
    assert differs in await driver.machine_drift(blueprint(larger))
    await not_started(driver, larger)
    assert await driver.machine_drift(blueprint(larger)) == ["the machine is off"]
    await not_started(driver, WORKER)
    assert await driver.machine_drift(blueprint(WORKER)) == ["the machine is off"]


async def test_snapshot_and_rollback(place: Place) -> None:
    driver = place.driver()
    assert isinstance(driver, Snapshots)
    uuid, root = NAMES.uuid("w1"), str(Layout(place.state / "machines/w1").root)
    await driver.snapshot_take("w1", "before")
    assert await driver.snapshots("w1") == ["before"]
    written = (await place.vbox.show(uuid))["SATA-0-0"]
    assert written != root
    await place.vbox(["modifyvm", uuid, "--memory", "512"])
    await driver.snapshot_restore("w1", "before")
    shown = await place.vbox.show(uuid)
    assert shown["memory"] == "1024"
    assert shown["SATA-0-0"] not in (written, root)
    await driver.snapshot_delete("w1", "before")
    assert await driver.snapshots("w1") == []
    await driver.snapshot_take("w1", "first")
    await driver.snapshot_take("w1", "second")
    assert await driver.snapshots("w1") == ["first", "second"]


async def test_power_off_of_what_is_off_or_absent(place: Place) -> None:
    driver = place.driver()
    await driver.power_off("gw")
    await driver.power_off("w9")
    await driver.thaw("gw")


async def test_a_machine_is_removed_alone_with_its_snapshots(place: Place) -> None:
    driver = place.driver()
    await driver.remove("w1")
    await driver.remove("w1")
    assert await driver.states() == {"gw": PowerState.OFF}
    assert not (place.state / "machines/w1").exists()
    assert not [m for m in await place.vbox.media() if "/w1/" in m.location]


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
    await not_started(place.driver(), WORKER)
    golden = replace(place.golden, disk=place.state / "later.vdi")
    later = replace(place, golden=golden).driver()
    assert await later.destroy() == []
    await nothing_left(place)


async def test_two_stacks_share_the_golden_disk(place: Place) -> None:
    other = replace(STACK, name="vby", machines=(WORKER,))
    one, two = place.driver(), replace(place, state=place.state / "other").driver(other)
    await not_started(one, WORKER)
    await not_started(two, WORKER)
    assert await one.destroy() == []
    assert await two.states() == {"w1": PowerState.OFF}
    assert await two.destroy() == []
    await nothing_left(place)


async def test_somebody_elses_vm_of_the_same_name(place: Place) -> None:
    await place.vbox(["createvm", "--name", "ashore-vbx-gw", "--register"])
    driver = place.driver()
    try:
        with pytest.raises(AshoreError, match="ashore-vbx-gw that this stack did not") as error:
            await driver.fabric_apply()
        assert error.value.exit_code is ExitCode.HOST
        assert (await preflighted(place))["vm-names"].level is Level.ERROR
        assert await driver.destroy() == []
        assert [vm.name for vm in await place.vbox.machines()] == ["ashore-vbx-gw"]
    finally:
        await place.vbox(["unregistervm", "ashore-vbx-gw", "--delete"])


async def flattened(place: Place, clone: Path) -> Path:
    """A disk as VirtualBox reads it through the clone: QEMU knows no linked VDI."""
    whole = place.golden.cache / f"whole-{clone.name}"
    await place.vbox(["clonemedium", "disk", str(clone), str(whole)], timeout=600)
    await place.vbox(["closemedium", "disk", str(whole)])
    return whole


def qemu(directory: Path, disks: Mapping[str, Path], layout: Layout) -> list[str]:
    """A computer with the controllers, ports, cards and serial numbers of the gateway.

    Args:
        disks: by their serial numbers; the first one is the root.
    """
    (directory / "variables.fd").write_bytes((FIRMWARE / "OVMF_VARS_4M.fd").read_bytes())
    argv = [*QEMU]
    argv += ["-m", "1024", "-nodefaults", "-no-user-config", "-display", "none"]
    code = FIRMWARE / "OVMF_CODE_4M.fd"
    argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"]
    argv += ["-drive", f"if=pflash,unit=1,format=raw,file={directory}/variables.fd"]
    ports = (0, *range(2, 1 + len(disks)))
    for port, (number, disk) in zip(ports, disks.items(), strict=True):
        argv += ["-drive", f"if=none,id=d{port},format=vdi,file={disk}"]
        device = f"ide-hd,bus=ide.{port},drive=d{port},serial={number},model=VBOX HARDDISK"
        argv += ["-device", device]
    argv += ["-drive", f"if=none,id=seed,format=raw,readonly=on,file={layout.seed}"]
    argv += ["-device", "ide-cd,bus=ide.1,drive=seed"]
    forward = f"hostfwd=tcp:127.0.0.1:{NAMES.ssh_port}-:22"
    cards = {NAMES.nat_mac: f"user,{forward}", GATEWAY.mac: f"tap,ifname={PORT}"}
    cards[GATEWAY.mac] += ",script=no,downscript=no"
    for number, (mac, what) in enumerate(cards.items()):
        kind, _, options = what.partition(",")
        argv += ["-netdev", f"{kind},id=n{number},{options}"]
        argv += ["-device", f"virtio-net-pci,netdev=n{number},mac={mac}"]
    return [*argv, "-serial", f"file:{layout.console}"]


@asynccontextmanager
async def switched_on(argv: Sequence[str]) -> AsyncIterator[Beside]:
    """The gateway runs, and a machine is beside it in its inner network."""
    ip("tuntap", "add", "dev", PORT, "mode", "tap")
    ip("link", "set", PORT, "up")
    process = await asyncio.create_subprocess_exec(*argv, stdin=subprocess.DEVNULL)
    carrier = Path(f"/sys/class/net/{PORT}/carrier")
    try:
        # QEMU keeps the tap that it has opened, wherever it is taken.
        await until("QEMU has its tap", lambda: carrier.read_text().strip("1\n"), timeout=60)
        with beside(PORT) as place:
            yield place
    finally:
        process.kill()
        await process.wait()
        await links.delete(PORT)


async def test_what_it_made_boots_and_is_reached(place: Place) -> None:
    driver = place.driver()
    layout = Layout(place.state / "machines/gw")
    await not_started(driver, GATEWAY)
    numbers = ["root", *(serial(each) for each in (*DATA, BRICKS)), PROGRAMS]
    disks = [await flattened(place, each) for each in (layout.root, *further(layout))]
    await driver.fabric_apply()
    argv = qemu(place.state, dict(zip(numbers, disks, strict=True)), layout)
    async with switched_on(argv) as machine:
        try:
            await looked_into(driver, layout)
            await made_a_brick(driver)
            await linked(driver, machine)
        except AssertionError as error:
            error.add_note(layout.console.read_text(errors="replace")[-3000:])
            raise
    assert await driver.destroy() == []
    await nothing_left(place)


async def looked_into(driver: VirtualBoxDriver, layout: Layout) -> None:
    """What the seed says is there, asked by SSH through the port of the NAT."""
    transport = driver.transport("gw")
    await reached(transport, REACHED)
    await eventually(transport, "test", "-e", "/run/cloud-init/result.json", timeout=REACHED)
    assert (await transport.get("/etc/seeded")).decode() == "gw"
    assert (await transport.run(["told"])).text == "from the programs"
    assert await transport.get(f"{DATA[1]}/golden") == b"golden\n"
    for directory, mode in {**dict.fromkeys(DATA, "rw"), "/usr/lib/ashore/programs": "ro"}.items():
        found = await transport.run(["findmnt", "-n", "-o", "FSTYPE,OPTIONS", directory])
        assert found.text.split()[0] == "ext4"
        assert found.text.split()[1].startswith(mode)
    shown = (await transport.run(["ip", "-4", "-o", "address"])).text
    assert f"{NETWORK.gateway}/24" in shown
    assert "nat0    inet 10.0.2.15/24" in shown
    routes = (await transport.run(["ip", "route", "show", "default"])).text
    assert routes == ""  # the stack of this test has no way out
    for sound in (["vgck", "vg0"], ["sshd", "-t"]):
        await transport.run(sound)
    failed = await transport.run(["systemctl", "--failed", "--no-legend", "--plain"])
    assert failed.text == ""
    here = Way("gw", IPv4Address("127.0.0.1"), layout.connection, port=NAMES.ssh_port)
    inner = Way("gw", GATEWAY.address, layout.directory / "inner.sock", through=here)
    try:
        keys = layout.directory / "keys"
        await reached(SshTransport(inner, lambda: login(keys), lambda: True), REACHED)
    finally:
        await ssh.close(inner.control)


async def made_a_brick(driver: VirtualBoxDriver) -> None:
    """The disk that was left blank is found by its serial number and becomes a thin volume."""
    transport = driver.transport("gw")
    for file in thin.fragment().files:
        assert isinstance(file.content, str)
        await transport.run(["mkdir", "-p", file.path.rpartition("/")[0]])
        await transport.put(file.path, file.content.encode())
    await transport.run(["systemctl", "daemon-reload"])
    step = Brick(driver.transport, "gw", driver.blank_disk(BRICKS), BRICKS)
    assert await step.drift() != []
    await step.apply()
    assert await step.drift() == []
    found = await transport.run(["findmnt", "-n", "-o", "FSTYPE", BRICKS])
    assert found.text == "xfs"


async def linked(driver: VirtualBoxDriver, machine: Beside) -> None:
    """This computer and a machine beside the gateway reach each other, again after a kill."""
    await answers(machine, REACHED)
    assert tunnel.service(NAMES.stack).kill()
    await answers(machine, REACHED)
    assert await driver.fabric_drift() == []
