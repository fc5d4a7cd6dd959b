"""What the disks of virtual machines are thin layers over: the cache has it once."""

import hashlib
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ashore.events import Emit, Output
from ashore.host.run import run
from ashore.image.types import Image
from ashore.supply.cache import digest, making

PROGRAMS = "programs"
"""The serial number of the disk with the stack's programs."""

_REVISION = 1
_STEP = "image/programs"
_DATA = 32 << 30
"""Bytes of a data directory's disk; only what is written takes space."""

_SECONDS = 600.0  # the largest content, 2 GB, takes 10 on an idle disk


def serial(directory: str) -> str:
    """The serial number of a data directory's disk: virtio and AHCI keep 20 characters of it."""
    return f"data-{hashlib.sha256(directory.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Golden:
    """What machines are made from.

    Attributes:
        disk: the golden disk.
        image: programs, and golden content of data directories.
        cache: where disks of both are kept.
        format: of all of these disks.
    """

    disk: Path
    image: Image
    cache: Path
    format: Literal["raw", "vdi"] = "raw"

    @property
    def programs(self) -> Path:
        """A disk with the uppermost layer of the image, the programs. No I/O."""
        return self.place("programs", self.image.layers[0])

    def place(self, kind: str, content: Path) -> Path:
        """Where a disk with this content is or will be."""
        recipe = {"revision": _REVISION, "kind": kind, "content": str(content), "size": _DATA}
        if self.format != "raw":
            recipe["format"] = self.format
        return self.disks / digest(recipe) / f"{kind}.{self.format}"

    @property
    def disks(self) -> Path:
        """The directory of all disks but the golden one."""
        return self.cache / "vmdisk"


async def programs(golden: Golden, emit: Emit) -> Path:
    """The disk with the programs, from the cache, made if it is not there."""
    content = golden.image.layers[0]
    used = (await run(["du", "-s", "--bytes", str(content)], timeout=_SECONDS)).text
    # What is laid out once and never written to needs little beyond its content.
    size = int(used.split()[0]) * 11 // 10 + (64 << 20)
    return await _made(golden.programs, content, size, "^has_journal", emit)


async def data(golden: Golden, directory: str, blank: Collection[str], emit: Emit) -> Path:
    """The disk below a data directory's own: with its golden content, or empty.

    Args:
        blank: directories whose file system a component makes: their disk has none.
    """
    if directory in blank:
        return await _made(golden.place("blank", Path("nothing")), None, _DATA, None, emit)
    content = golden.image.golden.get(directory)
    place = golden.place("data", content or Path("empty"))
    return await _made(place, content, _DATA, "", emit)


async def _made(
    disk: Path, content: Path | None, size: int, features: str | None, emit: Emit
) -> Path:
    if disk.is_file():
        return disk
    async with making(disk.parent, _STEP, emit) as scratch:
        if scratch is not None:
            started = time.monotonic()
            raw = scratch / disk.with_suffix(".raw").name
            await _write(raw, content, size, features)
            if disk.suffix != raw.suffix:
                await _convert(raw, scratch / disk.name)
            took = time.monotonic() - started
            emit(Output(_STEP, f"a disk of {content or 'nothing'}: {took:.0f} s"))
    return disk


async def _write(raw: Path, content: Path | None, size: int, features: str | None) -> None:
    """Without `features`, which may be none of them, there is no file system."""
    with raw.open("xb") as file:
        file.truncate(size)
    if features is None:
        return
    argv = ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-E", "root_owner=0:0,nodiscard"]
    argv += ["-O", features] if features else []
    argv += ["-d", str(content)] if content else []
    await run([*argv, str(raw)], timeout=_SECONDS)
    # etcd and kubeadm take only directories that are empty.
    await run(["debugfs", "-w", "-R", "rmdir /lost+found", str(raw)])


async def _convert(raw: Path, disk: Path) -> None:
    kind = disk.suffix.removeprefix(".")
    argv = ["qemu-img", "convert", "-f", "raw", "-O", kind, str(raw), str(disk)]
    await run(argv, timeout=_SECONDS)
    raw.unlink()
