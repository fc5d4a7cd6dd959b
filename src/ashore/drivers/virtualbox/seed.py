"""The NoCloud seed of a virtual machine: an ISO, with what VirtualBox alone needs added."""

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path

from ashore.drivers.base import Blueprint
from ashore.drivers.shared import hook
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

DISKS = "ata-VBOX_HARDDISK_"
"""What udev calls a disk of VirtualBox's SATA controller, before its serial number."""

_INSIDE = """\
      use-routes: false
"""

_PASSING = """\

# This computer's link into the stack is a tunnel of SSH to the gateway, and connections to
# the other machines come through here too: ten at once would be too few.
settings=/etc/ssh/sshd_config.d/ashore-gateway.conf
[ -e "$settings" ] || printf 'PermitTunnel point-to-point\\nMaxStartups 100\\n' >"$settings"
"""


def documents(
    names: Names, blueprint: Blueprint, *, programs: bool, uplink: bool
) -> Mapping[str, str]:
    """The files of the seed.

    Args:
        programs: whether there is a disk with the stack's programs.
        uplink: whether the way out is the gateway's; it has the card by which it is
            reached either way.
    """
    network = blueprint.network_config
    script = hook.script(DISKS, blueprint, programs=programs)
    if blueprint.machine.role is Role.GATEWAY:
        # Its last section is `ethernets`: the way out and SSH's way in is one more of them.
        network += _NAT.format(mac=names.nat_mac) + ("" if uplink else _INSIDE)
        script += _PASSING
    return {
        "user-data": blueprint.user_data,
        "meta-data": blueprint.meta_data,
        "network-config": network,
        "vendor-data": script,
    }


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
