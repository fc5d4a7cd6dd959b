"""The NoCloud seed, and what a virtual machine needs beside what every driver hands over."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from ashore.drivers.base import Blueprint
from ashore.drivers.qemu.command import PROGRAMS
from ashore.drivers.qemu.layout import serial
from ashore.host.run import run

_SIZE = 4 << 20  # bytes; a control plane's seed has 60 kB

_HOOK = """\
#cloud-boothook
#!/bin/sh
# Runs at every boot before anything of the machine's role does.
set -eu
exec >/dev/console 2>&1

keep() { # serial number, directory, options: a disk is mounted now and at every boot
    line="/dev/disk/by-id/virtio-$1 $2 ext4 $3 0 0"
    mkdir -p "$2"
    grep -qxF "$line" /etc/fstab || echo "$line" >>/etc/fstab
    mountpoint -q "$2" || mount "$2"
}

# Who opens the console is root on the host.
getty=/etc/systemd/system/serial-getty@ttyS0.service.d/ashore.conf
if [ ! -e "$getty" ]; then
    mkdir -p "${getty%/*}"
    login='-/sbin/agetty --autologin root %I vt220'
    printf '[Service]\\nExecStart=\\nExecStart=%s\\n' "$login" >"$getty"
    printf 'br_netfilter\\noverlay\\n' >/etc/modules-load.d/ashore.conf
    modprobe --all --quiet br_netfilter overlay || echo "ashore: kernel modules are missing"
    systemctl daemon-reload
fi
"""

_PROGRAMS = f"""\

keep {PROGRAMS} /usr/lib/ashore/programs ro
cp --recursive --symbolic-link --force /usr/lib/ashore/programs/. /
"""


def hook(data: Iterable[str], *, programs: bool) -> str:
    """The script that mounts the machine's disks, as vendor data: a second document
    beside the user data, which is the same on every driver."""
    lines = "".join(f"keep {serial(each)} '{each}' defaults\n" for each in data)
    return _HOOK + (_PROGRAMS if programs else "") + lines


def device(directory: str) -> str:
    """Where a machine finds the disk of a data directory."""
    return f"/dev/disk/by-id/virtio-{serial(directory)}"


def files(blueprint: Blueprint, *, programs: bool) -> Mapping[str, str]:
    """The files of a NoCloud seed."""
    mounted = [each for each in blueprint.data if each not in blueprint.blank]
    return {
        "user-data": blueprint.user_data,
        "meta-data": blueprint.meta_data,
        "network-config": blueprint.network_config,
        "vendor-data": hook(mounted, programs=programs),
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
