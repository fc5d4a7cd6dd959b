"""The NoCloud seed of a virtual machine, as a disk."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ashore.drivers.base import Blueprint
from ashore.drivers.shared import hook
from ashore.host.run import run

_SIZE = 4 << 20  # bytes; a control plane's seed has 60 kB

DISKS = "virtio-"
"""What udev calls a virtio disk, before its serial number."""


def files(blueprint: Blueprint, *, programs: bool) -> Mapping[str, str]:
    """The files of a NoCloud seed."""
    return {
        "user-data": blueprint.user_data,
        "meta-data": blueprint.meta_data,
        "network-config": blueprint.network_config,
        "vendor-data": hook.script(DISKS, blueprint, programs=programs),
    }


def digest(content: Mapping[str, str]) -> str:
    """Tells whether a seed is another one without reading it back."""
    return hashlib.sha256(json.dumps(dict(content), sort_keys=True).encode()).hexdigest()


async def write(image: Path, content: Mapping[str, str]) -> None:
    """Write the seed's disk anew: a small FAT that cloud-init finds by its label.

    User data may hold secrets: 0600, and never on a command line.
    """
    partial = image.with_name(f".{image.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    with partial.open("r+b") as file:
        file.truncate(_SIZE)
    await run(["mkfs.vfat", "-n", "CIDATA", str(partial)])
    with tempfile.TemporaryDirectory(prefix="seed-", dir=image.parent) as place:
        for name, text in content.items():
            (Path(place) / name).write_text(text, encoding="utf-8")
        sources = [f"{place}/{name}" for name in content]
        await run(["mcopy", "-i", str(partial), *sources, "::"])
    partial.replace(image)
