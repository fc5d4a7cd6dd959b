"""The command line of QEMU."""

import math
import uuid
from collections.abc import Iterator
from pathlib import Path

from ashore.drivers.qemu import hotplug
from ashore.drivers.qemu.layout import Definition, Layout
from ashore.drivers.shared.disks import PROGRAMS, serial
from ashore.drivers.shared.names import Names

PROGRAM = "qemu-system-x86_64"

# A thread for all processors of a machine: with one each, QEMU 7.2 lets a processor run
# code half as another has just patched it, and the guest's kernel panics. MiB of
# translated code, of which it keeps up to 1024 by itself.
_SOFTWARE = "tcg,thread=single,tb-size=256"
# The kernel's command line is part of the golden disk; this is what systemd-stub(7) adds to
# it. Volumes of five machines on two cores appear after more than the 90 s of systemd.
_UNHURRIED = (
    "type=11,value=io.systemd.stub.kernel-cmdline-extra="
    "systemd.default_device_timeout_sec=900 systemd.default_timeout_start_sec=900"
)

# Code and variables of the firmware: where Debian, Fedora and Arch have them.
_FIRMWARE = (
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
)


def firmware() -> tuple[Path, Path] | None:
    """EFI code and an empty store of variables on this computer; None if there is none."""
    for code, variables in _FIRMWARE:
        if Path(code).exists() and Path(variables).exists():
            return Path(code), Path(variables)
    return None


def qemu(
    definition: Definition, layout: Layout, names: Names, code: Path, *, kvm: bool
) -> list[str]:
    """What starts a machine, in the fabric's namespace, where its tap is.

    Args:
        code: of the firmware.
        kvm: by the processor; else by software, with the one model of a
            processor that is fast there.
    """
    name = names.container(definition.machine)
    return [
        PROGRAM,
        *("-name", name, "-uuid", str(uuid.uuid5(uuid.NAMESPACE_DNS, name))),
        *("-nodefaults", "-no-user-config", "-display", "none"),
        *("-machine", "q35", "-cpu", "host" if kvm else "qemu64"),
        *(("-accel", "kvm") if kvm else ("-accel", _SOFTWARE, "-smbios", _UNHURRIED)),
        *("-smp", str(math.ceil(definition.cpus)), "-m", f"{definition.memory >> 20}M"),
        *("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"),
        *("-drive", f"if=pflash,unit=1,format=raw,file={_file(layout.variables)}"),
        *_disks(definition, layout),
        *("-netdev", f"tap,id=fabric,ifname={definition.machine},script=no,downscript=no"),
        *("-device", f"virtio-net-pci,id=nic,netdev=fabric,mac={definition.mac},romfile="),
        *("-device", "virtio-rng-pci"),
        *_spare(),
        *("-chardev", f"socket,id=console,path={_file(layout.console_socket)},server=on,wait=off,"
          f"logfile={_file(layout.console)},logappend=on"),
        *("-serial", "chardev:console"),
        *("-qmp", f"unix:{_file(layout.qmp)},server=on,wait=off"),
    ]  # fmt: skip


def _disks(definition: Definition, layout: Layout) -> Iterator[str]:
    yield from _disk("root", "root", layout.disk, "format=qcow2", "bootindex=0")
    yield from _disk("seed", "seed", layout.seed, "format=raw,readonly=on")
    if definition.programs:
        programs = Path(definition.programs)
        yield from _disk(PROGRAMS, PROGRAMS, programs, "format=raw,readonly=on")
    for index, directory in enumerate(definition.data):
        file = layout.data(directory)
        yield from _disk(f"data{index}", serial(directory), file, "format=qcow2,discard=unmap")
    for disk in definition.added:
        more = f"id={hotplug.device(disk)}"
        yield from _disk(disk, disk, layout.added(disk), "format=raw,discard=unmap", more)


def _disk(name: str, number: str, file: Path, options: str, more: str = "") -> Iterator[str]:
    yield from ("-drive", f"if=none,id={name},file={_file(file)},{options}")
    device = f"virtio-blk-pci,drive={name},serial={number}"
    yield from ("-device", f"{device},{more}" if more else device)


def _spare() -> Iterator[str]:
    for number, port in enumerate(hotplug.PORTS, 1):
        # Chassis and slot only have to differ.
        yield from ("-device", f"pcie-root-port,id={port},chassis={number},slot={number}")


def _file(path: Path) -> str:
    """A path as a part of an option: a comma is doubled."""
    return str(path).replace(",", ",,")
