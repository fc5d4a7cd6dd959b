"""Where what lies on a golden disk. Pure: the same sizes give the same offsets.

All offsets and sizes are in bytes. An EFI system partition, then one partition
that is the only physical volume of the group `vg0`; volumes follow one another
in it, and what is left stays free for them to grow into.
"""

from dataclasses import dataclass

from ashore.model.types import EXTENT, Disk

GROUP = "vg0"
_MIB = 1024**2
_ALIGNMENT = _MIB
_ESP = 256 * _MIB
_TAIL = _MIB  # the second partition table, and to the next boundary

PE_START = _MIB
"""Where in the physical volume the first extent begins: LVM's own default."""


@dataclass(frozen=True, slots=True)
class Volume:
    """One logical volume: `start` and `extents` count extents of the group."""

    name: str
    start: int
    extents: int

    @property
    def mount(self) -> str:
        return "/" if self.name == "root" else f"/{self.name}"

    @property
    def size(self) -> int:
        return self.extents * EXTENT


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole disk."""

    size: int
    esp_start: int
    esp_size: int
    volumes: tuple[Volume, ...]

    @property
    def lvm_start(self) -> int:
        return self.esp_start + self.esp_size

    @property
    def lvm_size(self) -> int:
        return self.size - self.lvm_start - _TAIL

    @property
    def extents(self) -> int:
        """Extents of the group, free ones included."""
        return (self.lvm_size - PE_START) // EXTENT

    @property
    def free(self) -> int:
        """Bytes of the group that no volume has."""
        return (self.extents - sum(v.extents for v in self.volumes)) * EXTENT

    def offset(self, volume: Volume) -> int:
        """Where a volume begins on the disk."""
        return self.lvm_start + PE_START + volume.start * EXTENT


def layout(disk: Disk) -> Layout:
    """The layout of a disk that passed the rules of `ashore.model.rules`."""
    start, volumes = 0, list[Volume]()
    for name, size in disk.volumes:
        extents = -(-size // EXTENT)
        volumes.append(Volume(name, start, extents))
        start += extents
    return Layout(disk.size // _MIB * _MIB, _ALIGNMENT, _ESP, tuple(volumes))
