"""The steps that bring about the golden image; they belong to the whole stack."""

from dataclasses import dataclass
from pathlib import Path

from ashore.events import Emit
from ashore.image import golden, rootfs
from ashore.model.types import Stack
from ashore.supply import base
from ashore.supply.obtain import obtain
from ashore.supply.versions import versions


@dataclass(frozen=True)
class SupplyStep:
    """Every program of the wanted versions is in the cache."""

    stack: Stack
    cache: Path
    emit: Emit
    key: str = "supply"
    title: str = "obtain the programs"
    layer: str = "supply"
    machine: None = None
    needs: tuple[str, ...] = ()

    async def drift(self) -> list[str]:
        programs = base.planned(versions(self.stack.kubernetes.version), self.cache)
        return [] if programs.place.is_dir() else ["programs are not in the cache"]

    async def apply(self) -> None:
        wanted = versions(self.stack.kubernetes.version)
        await obtain(self.stack.supply, wanted, self.cache, self.emit)


@dataclass(frozen=True)
class RootStep:
    """The distribution is laid out; needs nothing, so it goes on beside the supply."""

    cache: Path
    emit: Emit
    key: str = "image/rootfs"
    title: str = "lay out the distribution"
    layer: str = "image"
    machine: None = None
    needs: tuple[str, ...] = ()

    async def drift(self) -> list[str]:
        root = rootfs.planned(self.cache)
        return [] if root.is_dir() else ["root file system is not in the cache"]

    async def apply(self) -> None:
        await rootfs.obtain(self.cache, self.emit)


@dataclass(frozen=True)
class ImageStep:
    """Every container image is in the golden store: the image is complete."""

    stack: Stack
    cache: Path
    emit: Emit
    key: str = "image"
    title: str = "import the container images"
    layer: str = "image"
    machine: None = None
    needs: tuple[str, ...] = ("supply", "image/rootfs")

    async def drift(self) -> list[str]:
        programs = base.planned(versions(self.stack.kubernetes.version), self.cache)
        store = golden.planned(programs, rootfs.planned(self.cache), self.cache)
        return [] if store.is_dir() else ["golden containerd store is not in the cache"]

    async def apply(self) -> None:
        wanted = versions(self.stack.kubernetes.version)
        programs = base.planned(wanted, self.cache)
        root = rootfs.planned(self.cache)
        await golden.obtain(programs, root, wanted, self.cache, self.emit)


def steps(stack: Stack, cache: Path, emit: Emit) -> list[SupplyStep | RootStep | ImageStep]:
    """Supply and distribution side by side, then the store made of both."""
    return [
        SupplyStep(stack, cache, emit),
        RootStep(cache, emit),
        ImageStep(stack, cache, emit),
    ]
