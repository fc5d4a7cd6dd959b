"""What LVM of a machine holds, asked of its own tools."""

import json
from dataclasses import dataclass
from typing import Any

from ashore.transport.base import Connect

GROUP = "vg0"
"""The volume group of the golden disk."""

# One command, since each costs a login. A file system's own size is in its superblock alone:
# after a growth that was interrupted it is smaller than its volume.
_ASK = f"""\
vgs --reportformat json --units b --nosuffix -o vg_size,vg_free,vg_extent_size {GROUP} &&
lvs -a --reportformat json --units b --nosuffix \
 -o lv_name,lv_size,origin,data_percent,lv_merging,lv_snapshot_invalid,lv_path,lv_dm_path {GROUP} &&
findmnt -J -b -l -o SOURCE,TARGET,USED -t ext4 &&
for path in /dev/{GROUP}/*; do
  echo "$path $(tune2fs -l "$path" 2>/dev/null |
    awk -F: '/^Block count/ {{n = $2}} /^Block size/ {{s = $2}} END {{print n * s}}')"
done
"""


@dataclass(frozen=True, slots=True)
class Volume:
    """One logical volume.

    Attributes:
        size: bytes. filesystem: bytes of the ext4 in it; 0 without one.
        mount: where it is mounted; empty if nowhere. used: bytes of the mounted file system.
        origin: the volume that this is a snapshot of; empty for a volume.
        full: percent of a snapshot's own room that is taken; 0 for a volume.
        merging: a snapshot that its origin is rolled back to at the machine's next start.
        invalid: a snapshot that ran full, and is worth nothing any more.
    """

    name: str
    size: int
    filesystem: int = 0
    mount: str = ""
    used: int = 0
    origin: str = ""
    full: float = 0.0
    merging: bool = False
    invalid: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The volume group: bytes in all, bytes that no volume has, bytes of its smallest unit."""

    size: int
    free: int
    extent: int
    volumes: tuple[Volume, ...]

    def find(self, name: str) -> Volume | None:
        """The volume or snapshot of that name, or None."""
        return next((v for v in self.volumes if v.name == name), None)

    def rounded(self, size: int) -> int:
        """Bytes that a volume of a size takes: whole extents."""
        return -(-size // self.extent) * self.extent


async def group(connect: Connect, machine: str) -> Group:
    """The volume group of a machine, as it is now.

    Raises:
        CommandFailed: the machine is down, or has no such group.
    """
    done = await connect(machine).run(["sh", "-c", _ASK], env={"LC_ALL": "C"})
    return read(done.text)


def read(said: str) -> Group:
    """What the tools have printed, one document after the other."""
    decoder, documents, rest = json.JSONDecoder(), list[Any](), said.lstrip()
    while rest.startswith("{"):
        document, end = decoder.raw_decode(rest)
        documents.append(document)
        rest = rest[end:].lstrip()
    groups, volumes, mounts = documents
    sizes = dict(line.split() for line in rest.splitlines())
    mounted = {m["source"]: m for m in mounts["filesystems"]}
    (found,) = groups["report"][0]["vg"]
    return Group(
        size=int(found["vg_size"]),
        free=int(found["vg_free"]),
        extent=int(found["vg_extent_size"]),
        volumes=tuple(_volume(lv, mounted, sizes) for lv in volumes["report"][0]["lv"]),
    )


def _volume(lv: dict[str, str], mounted: dict[str, Any], sizes: dict[str, str]) -> Volume:
    # systemd names a mount's source by the mapper, the initial file system by the link.
    mount: dict[str, Any] = mounted.get(lv["lv_dm_path"]) or mounted.get(lv["lv_path"]) or {}
    return Volume(
        # A snapshot that is being merged is hidden, which lvs shows by brackets.
        name=lv["lv_name"].strip("[]"),
        size=int(lv["lv_size"]),
        filesystem=0 if lv["origin"] else int(sizes.get(lv["lv_path"], 0)),
        mount=mount.get("target", ""),
        used=int(mount.get("used") or 0),
        origin=lv["origin"].strip("[]"),
        full=float(lv["data_percent"] or 0),
        merging=lv["lv_merging"] == "merging",
        invalid=lv["lv_snapshot_invalid"] == "snapshot invalid",
    )
