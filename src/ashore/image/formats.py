"""The golden disk in the formats of virtual machine monitors, by qemu-img."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Output
from ashore.host.run import run
from ashore.image import ova
from ashore.image.distributions import Distribution
from ashore.image.identity import Identity, epoch
from ashore.supply.cache import making
from ashore.supply.machine import architecture

_STEP = "image/format"
_SECONDS = 900.0
_DESCRIPTOR = 65536  # a VMDK's text descriptor lies within


@dataclass(frozen=True, slots=True)
class Format:
    """A format of disk files.

    Attributes:
        name: also the end of the file's name.
        driver: what qemu-img calls it.
        options: of qemu-img convert.
        settle: puts fixed identifiers where qemu-img rolled dice.
    """

    name: str
    driver: str
    options: tuple[str, ...] = ()
    settle: Callable[[Path, Identity], None] = field(default=lambda _file, _ids: None)


def _settle_vdi(file: Path, ids: Identity) -> None:
    """VDI: the image's and the last snapshot's identifier in the header (block/vdi.c of QEMU).

    And the header in its later form, as long as VirtualBox 7.2 makes it and with the
    sector size of its second geometry: it changes an older one when it first opens it.
    """
    with file.open("r+b") as disk:
        for place, number in ((72, 400), (468, 512)):
            disk.seek(place)
            disk.write(number.to_bytes(4, "little"))
        disk.seek(392)
        disk.write(ids.uuid("vdi").bytes_le + ids.uuid("vdi/snapshot").bytes_le)


def _settle_vmdk(file: Path, ids: Identity) -> None:
    """VMDK: the content's number in the text descriptor."""
    with file.open("r+b") as disk:
        head = disk.read(_DESCRIPTOR)
        found = re.search(rb"^CID=([0-9a-f]{1,8})$", head, re.MULTILINE)
        if found is None:
            raise AshoreError("qemu-img wrote a VMDK without a CID")
        disk.seek(found.start(1))
        # As long as qemu-img's own; never zero, which says that nobody has written yet.
        disk.write(f"1{ids.serial('vmdk')[1:]}"[: len(found[1])].encode())


_STREAM = ("-o", "subformat=streamOptimized,adapter_type=lsilogic")

FORMATS = {
    "raw": Format("raw", "raw"),
    "qcow2": Format("qcow2", "qcow2", ("-c", "-o", "compression_type=zstd")),
    "vdi": Format("vdi", "vdi", settle=_settle_vdi),
    "vmdk": Format("vmdk", "vmdk", _STREAM, _settle_vmdk),
    # The archive around the same VMDK.
    "ova": Format("ova", "vmdk", _STREAM, _settle_vmdk),
}


def host_packages() -> tuple[str, ...]:
    """Distribution packages of the host that converting needs."""
    return ("qemu-utils",)


def file_name(row: Distribution, wanted: Format) -> str:
    """`ashore-debian-trixie-amd64.qcow2`."""
    return f"{_stem(row)}.{wanted.name}"


def _stem(row: Distribution) -> str:
    return f"ashore-{row.name.replace('/', '-')}-{architecture()}"


def planned(raw: Path, row: Distribution, wanted: Format) -> Path:
    """Where the file is or will be, beside the raw disk in the cache. No I/O."""
    if wanted.name == "raw":
        return raw
    return raw.parent.with_name(f"{raw.parent.name}.{wanted.name}") / file_name(row, wanted)


async def obtain(
    raw: Path, row: Distribution, wanted: Format, ids: Identity, size: int, emit: Emit
) -> Path:
    """The file from the cache, converted from the raw disk if it is not there.

    Args:
        size: of the disk, in bytes.
    """
    file = planned(raw, row, wanted)
    if file.is_file():
        return file
    async with making(file.parent, _STEP, emit) as scratch:
        if scratch is not None:
            emit(Output(_STEP, f"converting the disk to {wanted.name}"))
            disk = scratch / f"{_stem(row)}.{wanted.driver}"
            argv = ["qemu-img", "convert", "-f", "raw", "-O", wanted.driver, *wanted.options]
            await run([*argv, str(raw), str(disk)], timeout=_SECONDS)
            wanted.settle(disk, ids)
            if wanted.name == "ova":
                ova.write(scratch / file.name, ova.Appliance(row, disk, size, ids), epoch())
                disk.unlink()
    return file


def formats(names: tuple[str, ...]) -> tuple[Format, ...]:
    """The formats of those names, each once.

    Raises:
        AshoreError: there is none of that name (exit code USAGE).
    """
    for name in names:
        if name not in FORMATS:
            raise AshoreError(
                f"no format {name}", f"there are {', '.join(FORMATS)}", ExitCode.USAGE
            )
    return tuple(FORMATS[name] for name in dict.fromkeys(names))
