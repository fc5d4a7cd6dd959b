"""The steps that bring about the golden disk in the formats asked for."""

from dataclasses import dataclass
from pathlib import Path

from ashore.errors import AshoreError
from ashore.events import Emit
from ashore.image import disk, formats, rootfs, tree
from ashore.image.distributions import Distribution
from ashore.image.formats import Format
from ashore.image.layout import Layout
from ashore.image.steps import RootStep

_ROOM = 3 * 1024**3 // 2
"""Measured: the tree takes 0.6 GiB, the raw disk and a VDI 0.7 each."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built, and where it is kept.

    Attributes:
        to: directory that gets copies of the files, or None.
    """

    row: Distribution
    plan: Layout
    formats: tuple[Format, ...]
    cache: Path
    to: Path | None

    @property
    def tree(self) -> Path:
        return tree.planned(self.row, [v.name for v in self.plan.volumes], self.cache)

    @property
    def raw(self) -> Path:
        return disk.planned(self.tree, self.plan, self.cache)

    def made(self, wanted: Format) -> Path:
        """Where the cache has or will have the file."""
        return formats.planned(self.raw, self.row, wanted)

    def file(self, wanted: Format) -> Path:
        """Where the user finds it."""
        return self.to / formats.file_name(self.row, wanted) if self.to else self.made(wanted)


@dataclass(frozen=True)
class TreeStep:
    """The distribution with a kernel is laid out, a directory for each volume."""

    order: Order
    emit: Emit
    key: str = "image/tree"
    title: str = "lay out the distribution with a kernel"
    layer: str = "image"
    machine: None = None
    needs: tuple[str, ...] = ()

    async def drift(self) -> list[str]:
        return [] if self.order.tree.is_dir() else ["it is not in the cache"]

    async def apply(self) -> None:
        names = [volume.name for volume in self.order.plan.volumes]
        await tree.obtain(self.order.row, names, self.order.cache, self.emit)


@dataclass(frozen=True)
class DiskStep:
    """The raw disk is written, and lvm2 and fsck found nothing wrong with it."""

    order: Order
    emit: Emit
    key: str = "image/disk"
    title: str = "write and check the disk"
    layer: str = "image"
    machine: None = None
    needs: tuple[str, ...] = ("image/tree", "image/rootfs")

    async def drift(self) -> list[str]:
        return [] if self.order.raw.is_file() else ["it is not in the cache"]

    async def apply(self) -> None:
        order = self.order
        await disk.obtain(order.tree, order.plan, order.cache, self.emit)


@dataclass(frozen=True)
class FormatStep:
    """The disk is there in one format."""

    order: Order
    wanted: Format
    emit: Emit
    layer: str = "image"
    machine: None = None
    needs: tuple[str, ...] = ("image/disk",)

    @property
    def key(self) -> str:
        return f"image/{self.wanted.name}"

    @property
    def title(self) -> str:
        return f"write the disk as {self.wanted.name}"

    async def drift(self) -> list[str]:
        return [] if self.order.made(self.wanted).is_file() else ["it is not in the cache"]

    async def apply(self) -> None:
        order = self.order
        ids = disk.identity(order.tree, order.plan)
        await formats.obtain(order.raw, order.row, self.wanted, ids, order.plan.size, self.emit)


def steps(order: Order, emit: Emit) -> list[RootStep | TreeStep | DiskStep | FormatStep]:
    """What the disk is made from, the disk, and each of its formats."""
    return [
        RootStep(order.cache, emit),
        TreeStep(order, emit),
        DiskStep(order, emit),
        *(FormatStep(order, wanted, emit) for wanted in order.formats),
    ]


async def deliver(order: Order) -> None:
    """Copy the files to where the user wants them; an older copy is replaced.

    Raises:
        AshoreError: the directory cannot be made or written to.
    """
    if order.to is None:
        return
    try:
        order.to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AshoreError(f"{order.to}: {error.strerror}", "name another directory") from error
    for wanted in order.formats:
        await disk.copy(order.made(wanted), order.file(wanted))


def room(order: Order) -> int:
    """Bytes that the cache is still going to take, in it the trees and files of every step."""
    files = [order.raw, *(order.made(wanted) for wanted in order.formats)]
    return sum(_ROOM for file in files if not file.is_file())


def host_packages(order: Order) -> tuple[str, ...]:
    """Distribution packages of this host for what is not in the cache yet."""
    needed: tuple[str, ...] = ()
    if not order.tree.is_dir():
        needed += ("mmdebstrap",)
        if not order.row.keyring.exists():
            needed += (order.row.keyring_package,)
    if not order.raw.is_file():
        needed += disk.host_packages()
        if not rootfs.planned(order.cache).is_dir():
            needed += rootfs.host_packages()
    if not all(order.made(wanted).is_file() for wanted in order.formats):
        needed += formats.host_packages()
    return tuple(dict.fromkeys(needed))
