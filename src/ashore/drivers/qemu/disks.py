"""The disks of virtual machines: thin layers over what the cache has once."""

from collections.abc import Collection
from pathlib import Path

from ashore.drivers.shared import disks
from ashore.drivers.shared.disks import Golden
from ashore.events import Emit
from ashore.host.run import run


async def overlay(target: Path, below: Path) -> None:
    """A disk that holds what differs from the raw one below it."""
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(below), "-F", "raw", str(target)]
    await run(argv)


async def layers(
    golden: Golden, disk: Path, data: dict[str, Path], blank: Collection[str], emit: Emit
) -> None:
    """A machine's own disks: of its root, and of each data directory.

    Args:
        blank: directories whose disk has no file system.
    """
    await overlay(disk, golden.disk)
    for directory, file in data.items():
        await overlay(file, await disks.data(golden, directory, blank, emit))
