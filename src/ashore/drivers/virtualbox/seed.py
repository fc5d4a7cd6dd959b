"""The NoCloud seed of a virtual machine: an ISO, with what VirtualBox alone needs added."""

import contextlib
import io
import shlex
from collections.abc import Mapping
from pathlib import Path

from ashore.drivers.base import Blueprint
from ashore.drivers.virtualbox.machine import data_serial
from ashore.drivers.virtualbox.names import Names
from ashore.host.files import write
from ashore.model.types import Role

_FILES = ("user-data", "meta-data", "network-config", "vendor-data")

_NAT = """\
  nat0:
    match:
      macaddress: "{mac}"
    set-name: nat0
    dhcp4: true
    dhcp4-overrides:
      use-dns: false
      use-domains: false
      use-hostname: false
"""

_MOUNTS = """\
#cloud-boothook
#!/bin/sh
# A disk for each directory that is to survive a new root; made into a file system once.
set -e
keep() { # serial number, directory
  grep -q "^LABEL=$1 " /etc/fstab && return
  disk=$(ls /dev/disk/by-id/*_"$1")
  # 2: there is nothing on it yet. Anything else that fails is no reason to write to it.
  blkid -p "$disk" >/dev/null || [ $? -ne 2 ] || mkfs.ext4 -q -L "$1" "$disk"
  udevadm settle --timeout=30
  mkdir -p "$2"
  echo "LABEL=$1 $2 ext4 nodev 0 2" >>/etc/fstab
  systemctl daemon-reload
  mount "$2"
}
"""


def documents(names: Names, blueprint: Blueprint) -> Mapping[str, str]:
    """The files of the seed."""
    network = blueprint.network_config
    if blueprint.machine.role is Role.GATEWAY:
        # Its last section is `ethernets`: the way out and SSH's way in is one more of them.
        network += _NAT.format(mac=names.nat_mac)
    found = {
        "user-data": blueprint.user_data,
        "meta-data": blueprint.meta_data,
        "network-config": network,
    }
    if blueprint.data:
        found["vendor-data"] = mounts(blueprint.data)
    return found


def mounts(data: tuple[str, ...]) -> str:
    """What the machine runs at every boot, before anything that uses the directories."""
    lines = [
        f"keep {data_serial(i)} {shlex.quote(directory)}\n" for i, directory in enumerate(data, 1)
    ]
    return _MOUNTS + "".join(lines)


def save(path: Path, files: Mapping[str, str]) -> None:
    """Write the ISO (user-data may hold secrets: 0600)."""
    import pycdlib

    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, vol_ident="CIDATA", joliet=3, rock_ridge="1.09")
    for name, text in files.items():
        data = text.encode()
        plain = name.upper().replace("-", "_")
        iso.add_fp(
            io.BytesIO(data), len(data), f"/{plain}.;1", rr_name=name, joliet_path=f"/{name}"
        )
    image = io.BytesIO()
    iso.write_fp(image)
    iso.close()
    write(path, image.getvalue(), 0o600)


def load(path: Path) -> dict[str, str]:
    """What `save` wrote; empty if there is no seed."""
    import pycdlib
    from pycdlib.pycdlibexception import PyCdlibException

    if not path.exists():
        return {}
    iso = pycdlib.PyCdlib()
    iso.open(str(path))
    found: dict[str, str] = {}
    for name in _FILES:
        content = io.BytesIO()
        with contextlib.suppress(PyCdlibException):
            iso.get_file_from_iso_fp(content, joliet_path=f"/{name}")
            found[name] = content.getvalue().decode()
    iso.close()
    return found
