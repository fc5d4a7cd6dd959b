"""The disk of a storage machine's brick: what is on it, and the thin pool that it carries."""

import json
import re
from dataclasses import dataclass
from typing import Any

from ashore.model.fragment import File, Fragment
from ashore.transport.base import Connect

GROUP = "bricks"
"""The volume group of the disk; `gluster snapshot` puts its own volumes there, too."""

TAG = "ashore"
"""Of the group, from its making on: another group of this name is somebody else's."""

POOL = "pool"
VOLUME = "brick"
UNFORMATTED = "unformatted"
"""What the volume is called until its file system is whole: only then is it renamed."""

DEVICE = f"/dev/{GROUP}/{VOLUME}"
_MAPPED = f"/dev/mapper/{GROUP}-{VOLUME}"  # the same, as the table of mounts has it

NEARLY_FULL = 80
"""Percent of the pool from which on it counts as nearly full; LVM extends it from there on, too,
as long as the group has something free."""

PROFILE = f"""\
activation {{
	thin_pool_autoextend_threshold={NEARLY_FULL}
	thin_pool_autoextend_percent=20
}}
"""


def fragment() -> Fragment:
    """A storage machine's share: when the pool is extended."""
    return Fragment("lvm", files=(File(f"/etc/lvm/profile/{GROUP}.profile", PROFILE),))


# One command, since each costs a login. Sections, as some tools print nothing for nothing.
_ASK = f"""\
set -e
disk=$(readlink -e "$1") || {{ echo "$1 is not there" >&2; exit 1; }}
echo "= disk"; echo "\\"$disk\\""
echo "= signatures"; wipefs --json --output TYPE,LABEL "$disk"
echo "= below"; lsblk --json --paths --output NAME,TYPE,MOUNTPOINTS "$disk"
echo "= groups"; pvs --reportformat json -o pv_name,vg_name,vg_tags
echo "= volumes"; lvs --reportformat json --units b --nosuffix --select vg_name={GROUP} \\
 -o lv_name,lv_size,data_percent,metadata_percent
echo "= mount"; findmnt --json --mountpoint "$2" --output SOURCE,FSTYPE || :
echo "= fstab"; grep -qxF "$3" /etc/fstab && echo true || echo false
"""


@dataclass(frozen=True, slots=True)
class Pool:
    """A thin pool: bytes, and percent of them and of its metadata that are used."""

    size: int
    data: float
    metadata: float

    def warnings(self) -> list[str]:
        """That it is nearly full, a phrase for each of its parts that is."""
        parts = {"thin pool": self.data, "thin pool's metadata": self.metadata}
        full = {what: used for what, used in parts.items() if used >= NEARLY_FULL}
        return [f"its brick's {what} is {used:.0f} % full" for what, used in full.items()]


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of a brick, as it is now.

    Attributes:
        path: of its device.
        holds: what is on it that is not ours, a phrase each.
        member: whether the group has it.
        volumes: names of the group's volumes.
        pool: None where there is no pool yet.
        mounted: whether the volume is at the brick's place, now; kept: after a reboot, too.
    """

    path: str
    holds: tuple[str, ...]
    member: bool
    volumes: frozenset[str]
    pool: Pool | None
    mounted: bool
    kept: bool


def entry(place: str) -> str:
    """The line of fstab. A machine boots without its brick, and tells that by its status."""
    return f"{DEVICE} {place} xfs noatime,nofail 0 0"


async def look(connect: Connect, machine: str, disk: str, place: str) -> Disk:
    """The disk of a machine's brick.

    Args:
        disk: where the machine finds it. place: where the brick's volume is mounted.

    Raises:
        CommandFailed: the machine is down, or has no such disk.
    """
    argv = ["sh", "-c", _ASK, "sh", disk, place, entry(place)]
    return read((await connect(machine).run(argv, env={"LC_ALL": "C"})).text)


def read(said: str) -> Disk:
    """What the tools have printed, a section each."""
    found: dict[str, Any] = {}
    for section in re.split("^= ", said, flags=re.MULTILINE)[1:]:
        name, _, text = section.partition("\n")
        found[name] = json.loads(text) if text.strip() else {}
    path: str = found["disk"]
    physical = {pv["pv_name"]: pv for pv in found["groups"]["report"][0]["pv"]}
    own = physical.get(path, {"vg_name": None, "vg_tags": ""})
    volumes = {lv["lv_name"]: lv for lv in found["volumes"]["report"][0]["lv"]}
    member = own["vg_name"] == GROUP and TAG in own["vg_tags"].split(",")
    return Disk(
        path=path,
        holds=() if member else tuple(_holds(found, own["vg_name"])),
        member=member,
        volumes=frozenset(volumes),
        pool=_pool(volumes[POOL]) if POOL in volumes else None,
        mounted=any(each["source"] == _MAPPED for each in _rows(found["mount"], "filesystems")),
        kept=found["fstab"],
    )


def _rows(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of a document; empty where the tool had nothing to print, or nothing below it."""
    return document.get(name, [])


def _pool(lv: dict[str, str]) -> Pool:
    data, metadata = (float(lv[f"{part}_percent"] or 0) for part in ("data", "metadata"))
    return Pool(int(lv["lv_size"]), data, metadata)


def _holds(found: dict[str, Any], group: str | None) -> list[str]:
    """What is on a disk that the group does not have.

    Args:
        group: the one that has it; empty for a physical volume that none has, which is
            what is left where the making of the group was interrupted. None if it is none.
    """
    if group == "":
        return []
    if group:
        return [f"a physical volume of the group {group}"]
    signatures = _rows(found["signatures"], "signatures")
    names = [" ".join(filter(None, (each["type"], each["label"]))) for each in signatures]
    (disk,) = _rows(found["below"], "blockdevices")
    below = [f"{child['type']} {child['name']}" for child in _rows(disk, "children")]
    mounts = [f"mounted at {place}" for place in disk["mountpoints"] if place]
    return [*dict.fromkeys(names), *below, *mounts]
