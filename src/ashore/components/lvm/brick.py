"""`<st>/brick`: a storage machine's brick is XFS on a thin volume, on a disk of its own."""

from dataclasses import dataclass

from ashore.components.lvm import thin
from ashore.components.lvm.thin import GROUP, POOL, TAG, UNFORMATTED, VOLUME, Disk
from ashore.errors import AshoreError
from ashore.transport.base import Connect

_SECONDS = 600.0
"""For each command: an emulated machine is slow."""

_SHARE = "80%VG"
"""Of the group for the pool; the rest is for its metadata and for its growth."""

_CHUNK = "256k"
"""A snapshot costs whole chunks of what changes after it; smaller ones cost more metadata."""


@dataclass(frozen=True)
class Brick:
    """The thin volume is mounted where the brick is, now and after a reboot.

    Attributes:
        disk: where the machine finds the disk. place: the directory.
    """

    connect: Connect
    machine: str
    disk: str
    place: str
    title: str = "make its brick a thin volume"
    layer: str = "storage"

    @property
    def key(self) -> str:
        return f"{self.machine}/brick"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config",)

    async def drift(self) -> list[str]:
        """See `Step`.

        Raises:
            AshoreError: the disk holds something.
        """
        found = await self._look()
        missing = {
            f"the group {GROUP} on {found.path} is not made": found.member,
            "its thin pool is not made": found.pool is not None,
            "its volume is not made": VOLUME in found.volumes,
            f"nothing is mounted at {self.place}": found.mounted,
            f"fstab has nothing for {self.place}": found.kept,
        }
        return [what for what, there in missing.items() if not there]

    async def apply(self) -> None:
        """See `Step`. Goes on where it was interrupted: nothing is made twice."""
        found = await self._look()
        if not found.member:
            # Without --yes: it refuses a disk that has something on it, too.
            await self._run("vgcreate", "-q", "--addtag", TAG, GROUP, found.path)
        if found.pool is None:
            await self._run(
                *("lvcreate", "-q", "--yes", "--type", "thin-pool", "--name", POOL),
                *("--extents", _SHARE, "--chunksize", _CHUNK, "--metadataprofile", GROUP, GROUP),
            )
        if VOLUME not in found.volumes:
            await self._make(await self._look())
        await self._run("sh", "-c", _MOUNT, "sh", self.place, thin.entry(self.place))

    async def _make(self, found: Disk) -> None:
        """The volume, as large as the pool: nothing is promised that the pool does not have."""
        if UNFORMATTED not in found.volumes:
            size = found.pool.size if found.pool else 0
            await self._run(
                *("lvcreate", "-q", "--yes", "--thinpool", POOL, "--name", UNFORMATTED),
                *("--virtualsize", f"{size}b", GROUP),
            )
        # Forced: what is there by this name is a file system that was not ended.
        await self._run("mkfs.xfs", "-q", "-f", "-i", "size=512", f"/dev/{GROUP}/{UNFORMATTED}")
        await self._run("lvrename", "-q", GROUP, UNFORMATTED, VOLUME)

    async def _look(self) -> Disk:
        found = await thin.look(self.connect, self.machine, self.disk, self.place)
        if found.holds:
            raise AshoreError(
                f"{self.machine}: {found.path} is to be the disk of its brick, but it holds:"
                f" {', '.join(found.holds)}",
                f"if nobody needs that: `ashore exec {self.machine} -- wipefs --all {found.path}`",
            )
        return found

    async def _run(self, *argv: str) -> None:
        await self.connect(self.machine).run(argv, timeout=_SECONDS)


# Immutable below the mount: whoever writes while nothing is mounted gets an error, and does
# not fill the machine's root.
_MOUNT = """\
set -e
mountpoint -q "$1" || { mkdir -p "$1"; chattr +i "$1"; }
grep -qxF "$2" /etc/fstab || { echo "$2" >>/etc/fstab; systemctl daemon-reload; }
mountpoint -q "$1" || mount "$1"
"""
