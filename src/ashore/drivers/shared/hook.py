"""What a virtual machine needs beside what every driver hands over, as vendor data."""

from ashore.drivers.base import Blueprint
from ashore.drivers.shared.disks import PROGRAMS, serial

_HOOK = """\
#cloud-boothook
#!/bin/sh
# Runs at every boot before anything of the machine's role does.
set -eu
exec >/dev/console 2>&1

keep() { # serial number, directory, options: a disk is mounted now and at every boot
    line="/dev/disk/by-id/DISKS$1 $2 ext4 $3 0 0"
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


def device(disks: str, directory: str) -> str:
    """Where a machine finds the disk of a data directory.

    Args:
        disks: udev's name of a disk in /dev/disk/by-id, but for its serial number.
    """
    return f"/dev/disk/by-id/{disks}{serial(directory)}"


def script(disks: str, blueprint: Blueprint, *, programs: bool) -> str:
    """The script that mounts the machine's disks, as vendor data: a second document
    beside the user data, which is the same on every driver.

    Args:
        disks: see `device`.
        programs: whether there is a disk with the stack's programs.
    """
    text = _HOOK.replace("DISKS", disks) + (_PROGRAMS if programs else "")
    mounted = [each for each in blueprint.data if each not in blueprint.blank]
    return text + "".join(f"keep {serial(each)} '{each}' defaults\n" for each in mounted)
