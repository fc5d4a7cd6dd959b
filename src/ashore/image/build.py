"""The golden image of a stack: programs, distribution, containerd store."""

from pathlib import Path

from ashore.events import Emit
from ashore.image import golden, rootfs
from ashore.image.types import Image
from ashore.model.types import Stack
from ashore.supply import base
from ashore.supply.base import Room
from ashore.supply.cache import digest
from ashore.supply.obtain import obtain, supplies
from ashore.supply.versions import versions

_STORE = "/var/lib/containerd"

_ROOM = 5 * 1024**3 // 2
"""Measured: the root file system takes 0.7 GiB, the store 1.6."""


def planned(stack: Stack, cache: Path) -> Image:
    """The image as it is or will be in the cache. No I/O."""
    programs = base.planned(versions(stack.kubernetes.version), cache)
    root = rootfs.planned(cache)
    store = golden.planned(programs, root, cache)
    return Image(
        digest([programs.digest, root.name, store.name]), (programs.tree, root), {_STORE: store}
    )


def missing(image: Image) -> list[Path]:
    """The directories of an image that are not there yet. A few stat calls."""
    return [path for path in (*image.layers, *image.golden.values()) if not path.is_dir()]


async def build(stack: Stack, cache: Path, emit: Emit) -> Image:
    """The image, made as far as it is not in the cache.

    Raises:
        AshoreError: what failed; complete parts stay in the cache.
    """
    wanted = versions(stack.kubernetes.version)
    programs = await obtain(stack.supply, wanted, cache, emit)
    root = await rootfs.obtain(cache, emit)
    await golden.obtain(programs, root, wanted, cache, emit)
    return planned(stack, cache)


def room(stack: Stack, cache: Path) -> Room:
    """What the cache is still going to take until the image is in it.

    With `supply: auto` the source that takes least is what is needed at least.
    """
    if not missing(planned(stack, cache)):
        return Room(0, 0)
    if base.planned(versions(stack.kubernetes.version), cache).place.is_dir():
        return Room(_ROOM, _ROOM)
    found = [supply.room(cache) for supply in supplies(stack.supply)]
    return Room(min(each.least for each in found), max(each.most for each in found)).plus(_ROOM)


def host_packages(stack: Stack, cache: Path) -> tuple[str, ...]:
    """Distribution packages that this host needs to make what is not cached yet.

    With `supply: auto` those of the last source count: which one answers is
    not asked here.
    """
    needed: tuple[str, ...] = ()
    if not base.planned(versions(stack.kubernetes.version), cache).place.is_dir():
        needed += supplies(stack.supply)[-1].host_packages()
    if not rootfs.planned(cache).is_dir():
        needed += rootfs.host_packages()
    return needed
