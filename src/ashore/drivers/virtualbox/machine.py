"""A machine as VBoxManage's arguments. Pure: a definition gives the same commands.

The short names of options are those that 7.0 and 7.2 both know.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ashore.drivers.virtualbox.layout import Layout
from ashore.drivers.virtualbox.names import Names
from ashore.model.types import Machine, Role

_MIB = 1 << 20
_CONTROLLER = "SATA"
_SEED_PORT = 1
_FURTHER_PORT = 2

MADE = "ashore/made"
"""Extra data of a VM: set when it is complete, to the golden disk that it was made from."""

Command = list[str]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a machine may use: whole processors, percent of each, MiB of memory."""

    cpus: int
    cap: int
    memory: int


def limits(machine: Machine) -> Limits:
    """Half a processor is one that may be busy half of the time."""
    cpus = max(1, math.ceil(machine.cpus))
    cap = max(1, round(100 * machine.cpus / cpus))
    return Limits(cpus, min(cap, 100), math.ceil(machine.memory / _MIB))


@dataclass(frozen=True, slots=True)
class Definition:
    """What the commands follow from.

    Attributes:
        golden: the VDI that the machine's disk is a linked clone of.
        further: serial number of a disk -> the VDI that it is a linked clone of.
    """

    names: Names
    machine: Machine
    layout: Layout
    golden: Path
    further: Mapping[str, Path]

    @property
    def uuid(self) -> str:
        return self.names.uuid(self.machine.name)


def make(wanted: Definition) -> list[Command]:
    """Everything from nothing to a complete machine that is off."""
    return [
        _create(wanted),
        _hardware(wanted),
        _network(wanted),
        limit(wanted.uuid, limits(wanted.machine)),
        _controller(wanted.uuid, _FURTHER_PORT + len(wanted.further)),
        _clone(wanted.layout.root, wanted.golden),
        _attach(wanted.uuid, 0, "hdd", wanted.layout.root),
        _attach(wanted.uuid, _SEED_PORT, "dvddrive", wanted.layout.seed),
        *_further(wanted),
        ["setextradata", wanted.uuid, MADE, str(wanted.golden)],
    ]


def _create(wanted: Definition) -> Command:
    argv = ["createvm", "--name", wanted.names.vm(wanted.machine.name), "--uuid", wanted.uuid]
    argv += ["--basefolder", str(wanted.layout.directory), "--groups", wanted.names.group]
    return [*argv, "--ostype", "Debian_64", "--register"]


def _hardware(wanted: Definition) -> Command:
    """What the golden disk's kernel has drivers for, and nothing that it has not."""
    argv = ["modifyvm", wanted.uuid, "--firmware", "efi", "--ioapic", "on", "--rtcuseutc", "on"]
    argv += ["--graphicscontroller", "vmsvga", "--vram", "16", "--audio-enabled", "off"]
    argv += ["--usbohci", "off", "--mouse", "ps2", "--keyboard", "ps2"]
    return [*argv, "--uart1", "0x3F8", "4", "--uartmode1", "file", str(wanted.layout.console)]


def _network(wanted: Definition) -> Command:
    """The internal network is last; before it, on the gateway, the way to the outside and in."""
    argv = ["modifyvm", wanted.uuid]
    own = 1
    if wanted.machine.role is Role.GATEWAY:
        own = 2
        forward = f"ssh,tcp,127.0.0.1,{wanted.names.ssh_port},,22"
        argv += ["--nic1", "nat", "--nictype1", "virtio", "--cableconnected1", "on"]
        argv += ["--macaddress1", _mac(wanted.names.nat_mac), "--natpf1", forward]
    argv += [f"--nic{own}", "intnet", f"--nictype{own}", "virtio", f"--cableconnected{own}", "on"]
    argv += [f"--intnet{own}", wanted.names.network]
    return [*argv, f"--macaddress{own}", _mac(wanted.machine.mac)]


def _mac(address: str) -> str:
    return address.replace(":", "").upper()


def _controller(uuid: str, ports: int) -> Command:
    argv = ["storagectl", uuid, "--name", _CONTROLLER, "--add", "sata"]
    return [*argv, "--controller", "IntelAhci", "--portcount", str(ports), "--bootable", "on"]


def _clone(file: Path, base: Path) -> Command:
    """A linked one; the base is neither written to nor deleted."""
    return ["createmedium", "disk", "--filename", str(file), "--diffparent", str(base)]


def _attach(uuid: str, port: int, kind: str, medium: Path) -> Command:
    argv = ["storageattach", uuid, "--storagectl", _CONTROLLER, "--port", str(port)]
    return [*argv, "--device", "0", "--type", kind, "--medium", str(medium)]


def _further(wanted: Definition) -> Iterator[Command]:
    for port, (serial, base) in enumerate(wanted.further.items(), _FURTHER_PORT):
        disk = wanted.layout.disk(serial)
        yield _clone(disk, base)
        yield _attach(wanted.uuid, port, "hdd", disk)
        key = f"VBoxInternal/Devices/ahci/0/Config/Port{port}/SerialNumber"
        yield ["setextradata", wanted.uuid, key, serial]


def limit(uuid: str, wanted: Limits) -> Command:
    """Of a machine that is off."""
    argv = ["modifyvm", uuid, "--cpus", str(wanted.cpus), "--memory", str(wanted.memory)]
    return [*argv, "--cpuexecutioncap", str(wanted.cap)]


def start(uuid: str) -> Command:
    """Power on, without a window."""
    return ["startvm", uuid, "--type", "headless"]


def control(uuid: str, *what: str) -> Command:
    """Of a machine that is on: `poweroff`, `pause`, `resume`."""
    return ["controlvm", uuid, *what]


def snapshot(uuid: str, action: str, name: str) -> Command:
    """`take`, `restore` or `delete`."""
    return ["snapshot", uuid, action, name]


def close(kind: str, medium: str, *, delete: bool) -> Command:
    """Take a medium (`disk` or `dvd`) out of the registry."""
    return ["closemedium", kind, medium, *(["--delete"] if delete else [])]
