"""What the driver of virtual machines hands to other programs, as golden files."""

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ashore.drivers.base import (
    BlankDisks,
    Blueprint,
    Console,
    Disks,
    Freeze,
    Guests,
    Links,
    Namespaces,
    Power,
    Programs,
)
from ashore.drivers.qemu import command, process, seed
from ashore.drivers.qemu.driver import QemuDriver
from ashore.drivers.qemu.layout import Definition, Layout
from ashore.drivers.shared import hook
from ashore.drivers.shared.disks import Golden, serial
from ashore.drivers.shared.names import Names
from ashore.image.types import Image
from ashore.transport import ssh
from ashore.transport.ssh import Login, Way
from tests.contract.machines import GATEWAY, STACK
from tests.unit.components.golden import check

HERE = Path(__file__).parent
DEMO = Names("demo")
CODE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
MACHINE = Definition(
    machine="cp1",
    address="10.77.0.21",
    mac="02:00:00:00:00:0b",
    cpus=1.5,
    memory=1 << 30,
    disk="/cache/disk/1/disk.raw",
    programs="/cache/vmdisk/2/programs.raw",
    data=("/var/lib/containerd", "/var/lib/etcd"),
    seed="",
)
LAYOUT = Layout(Path("/state/a,b/machines/cp1"))


def lines(argv: list[str]) -> str:
    return "".join(f"{argument}\n" for argument in argv)


def test_the_command_of_a_machine() -> None:
    check(HERE, "qemu.txt", lines(command.qemu(MACHINE, LAYOUT, DEMO, CODE, kvm=True)))
    emulated = command.qemu(MACHINE, LAYOUT, DEMO, CODE, kvm=False)
    assert emulated[emulated.index("-cpu") + 1] == "qemu64"


def test_a_machine_without_programs_has_a_disk_less() -> None:
    argv = command.qemu(replace(MACHINE, programs=""), LAYOUT, DEMO, CODE, kvm=True)
    assert not any("serial=programs" in argument for argument in argv)


def test_a_unit_or_a_process_of_its_own() -> None:
    argv = ["qemu-system-x86_64"]
    check(HERE, "qemu-unit.txt", lines(process.started(argv, MACHINE, LAYOUT, DEMO, systemd=True)))
    alone = process.started(argv, MACHINE, LAYOUT, DEMO, systemd=False)
    assert alone == ["nsenter", "--net=/run/netns/ashore-demo", "--", *argv, "-daemonize"]


def test_what_a_virtual_machine_gets_beside_the_seed() -> None:
    check(HERE, "qemu-hook.sh", hook.script(seed.DISKS, _blueprint(*MACHINE.data), programs=True))
    assert "programs" not in hook.script(seed.DISKS, _blueprint(), programs=False)


def test_a_blank_disk_is_left_to_a_component() -> None:
    both = replace(_blueprint("/var/lib/etcd", "/srv/brick"), blank=("/srv/brick",))
    left = hook.script(seed.DISKS, both, programs=False)
    assert left == hook.script(seed.DISKS, _blueprint("/var/lib/etcd"), programs=False)
    device = hook.device(seed.DISKS, "/srv/brick")
    assert device == f"/dev/disk/by-id/virtio-{serial('/srv/brick')}"


def _blueprint(*data: str) -> Blueprint:
    return Blueprint(GATEWAY, "", "", "", data)


def test_a_serial_number_is_kept_whole() -> None:
    numbers = {serial(f"/var/lib/{index}") for index in range(50)}
    assert len(numbers) == 50
    assert all(len(number) <= 20 for number in numbers)


def test_the_way_in() -> None:
    way = Way("cp1", IPv4Address("10.77.0.21"), Path("/state/ssh.sock"), IPv4Address("10.77.0.1"))
    login = Login(Path("/secrets/user"), Path("/files/known_hosts"))
    check(HERE, "qemu-ssh.txt", lines(ssh.command(way, login)))


@pytest.mark.parametrize(
    ("label", "found"),
    [("ashore-demo-cp1", True), ("ashore-demo-2-cp1", False), ("ashore-dem-cp1", False)],
)
def test_processes_are_found_by_their_label(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, label: str, found: bool
) -> None:
    (tmp_path / "12").mkdir()
    (tmp_path / "self").mkdir()
    argv = ["/usr/bin/qemu-system-x86_64", "-name", label, "-m", "1"]
    (tmp_path / "12/cmdline").write_bytes("\0".join(argv).encode() + b"\0")
    monkeypatch.setattr(process, "PROC", tmp_path)
    assert process.found(DEMO) == ({"cp1": [12]} if found else {})


def test_what_the_driver_can_do(tmp_path: Path) -> None:
    def login() -> Login:
        raise AssertionError

    golden = Golden(Path("/disk.raw"), Image("", (), {}), tmp_path)
    driver = QemuDriver(STACK, golden, tmp_path, lambda _kind, _name: None, login)
    for ability in (Power, Freeze, Links, Guests, Programs, Console, Disks, BlankDisks):
        assert isinstance(driver, ability)
    assert not isinstance(driver, Namespaces)


def test_a_definition_is_read_as_it_was_written(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert layout.load() is None
    layout.save(MACHINE)
    assert layout.load() == MACHINE
