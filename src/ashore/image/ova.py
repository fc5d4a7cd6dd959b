"""An OVA: a description (OVF 1.1), its checksums and a disk in one tar archive."""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from ashore.image.distributions import Distribution
from ashore.image.identity import Identity

_CPUS = 2
_MEMORY = 2048  # MiB
# Numbers of CIM_OperatingSystem: Debian 64-bit, Ubuntu 64-bit.
_SYSTEMS = {"debian": (96, "debian_64"), "ubuntu": (94, "ubuntu_64")}


@dataclass(frozen=True, slots=True)
class Appliance:
    """What the description tells of one disk.

    Attributes:
        disk: a streamOptimized VMDK.
        size: bytes that the machine sees of it.
    """

    row: Distribution
    disk: Path
    size: int
    ids: Identity


def description(appliance: Appliance, stored: int) -> str:
    """The OVF descriptor: EFI firmware, a SATA disk, a virtio network card.

    Args:
        stored: bytes of the disk's file.
    """
    number, name = _SYSTEMS[appliance.row.name.split("/")[0]]
    template = Template((files("ashore.image") / "data" / "disk.ovf").read_text())
    return template.substitute(
        file=appliance.disk.name,
        stored=stored,
        size=appliance.size,
        disk_uuid=appliance.ids.uuid("vmdk"),
        title=appliance.row.title,
        name=appliance.disk.stem,
        os_number=number,
        os_name=name,
        cpus=_CPUS,
        memory=_MEMORY,
    )


def write(target: Path, appliance: Appliance, time: int) -> None:
    """Write the archive; every member has the same time and belongs to nobody."""
    disk = appliance.disk
    ovf = description(appliance, disk.stat().st_size).encode()
    with disk.open("rb") as content:
        sum_ = hashlib.file_digest(content, "sha256").hexdigest()
    name = f"{disk.stem}.ovf"
    sums = f"SHA256({name})= {hashlib.sha256(ovf).hexdigest()}\nSHA256({disk.name})= {sum_}\n"
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        for member, data in ((name, ovf), (f"{disk.stem}.mf", sums.encode())):
            archive.addfile(_entry(member, len(data), time), io.BytesIO(data))
        with disk.open("rb") as content:
            archive.addfile(_entry(disk.name, disk.stat().st_size, time), content)


def _entry(name: str, size: int, time: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, time, 0o644
    return entry
