"""The disks of virtual machines: thin layers over what the cache has once."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ashore.events import Emit, Output
from ashore.host.run import run
from ashore.image.types import Image
from ashore.supply.cache import digest, making

_REVISION = 1
_STEP = "image/programs"
_DATA = 32 << 30
"""Bytes of a data directory's disk; only what is written takes space."""

_SECONDS = 600.0  # the largest content, 2 GB, takes 10 on an idle disk


@dataclass(frozen=True, slots=True)
class Golden:
    """What machines are made from.

    Attributes:
        disk: the golden disk, raw.
        image: programs, and golden content of data directories.
        cache: where disks of both are kept.
    """

    disk: Path
    image: Image
    cache: Path

    @property
    def programs(self) -> Path:
        """A disk with the uppermost layer of the image, the programs. No I/O."""
        return _place(self.cache, "programs", self.image.layers[0])


def _place(cache: Path, kind: str, content: Path) -> Path:
    recipe = {"revision": _REVISION, "kind": kind, "content": str(content), "size": _DATA}
    return cache / "vmdisk" / digest(recipe) / f"{kind}.raw"


async def programs(golden: Golden, emit: Emit) -> Path:
    """The disk with the programs, from the cache, made if it is not there."""
    content = golden.image.layers[0]
    used = (await run(["du", "-s", "--bytes", str(content)], timeout=_SECONDS)).text
    # What is laid out once and never written to needs little beyond its content.
    size = int(used.split()[0]) * 11 // 10 + (64 << 20)
    return await _made(golden.programs, content, size, "^has_journal", emit)


async def _data(golden: Golden, directory: str, emit: Emit) -> Path:
    """The disk below a data directory's own: with its golden content, or empty."""
    content = golden.image.golden.get(directory)
    place = _place(golden.cache, "data", content or Path("empty"))
    return await _made(place, content, _DATA, "", emit)


async def _made(raw: Path, content: Path | None, size: int, features: str, emit: Emit) -> Path:
    if raw.is_file():
        return raw
    async with making(raw.parent, _STEP, emit) as scratch:
        if scratch is not None:
            started = time.monotonic()
            await _write(scratch / raw.name, content, size, features)
            took = time.monotonic() - started
            emit(Output(_STEP, f"a disk of {content or 'nothing'}: {took:.0f} s"))
    return raw


async def _write(raw: Path, content: Path | None, size: int, features: str) -> None:
    with raw.open("xb") as file:
        file.truncate(size)
    argv = ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-E", "root_owner=0:0,nodiscard"]
    argv += ["-O", features] if features else []
    argv += ["-d", str(content)] if content else []
    await run([*argv, str(raw)], timeout=_SECONDS)
    # etcd and kubeadm take only directories that are empty.
    await run(["debugfs", "-w", "-R", "rmdir /lost+found", str(raw)])


async def overlay(target: Path, below: Path) -> None:
    """A disk that holds what differs from the raw one below it."""
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(below), "-F", "raw", str(target)]
    await run(argv)


async def blank(target: Path) -> None:
    """A disk of a data directory's size with nothing on it."""
    await run(["qemu-img", "create", "-q", "-f", "qcow2", str(target), str(_DATA)])


async def layers(
    golden: Golden, disk: Path, data: dict[str, Path], without: Collection[str], emit: Emit
) -> None:
    """A machine's own disks: of its root, and of each data directory.

    Args:
        without: directories whose disk has no file system.
    """
    await overlay(disk, golden.disk)
    for directory, file in data.items():
        if directory in without:
            await blank(file)
        else:
            await overlay(file, await _data(golden, directory, emit))
