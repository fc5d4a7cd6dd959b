"""Changes of logical volumes while they are in use. Nothing shrinks, and no data is deleted."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from ashore.components.lvm.probe import GROUP, Group, Volume, group
from ashore.errors import AshoreError, ExitCode
from ashore.stack.values import format_whole
from ashore.transport.base import Connect, Transport

_SECONDS = 600.0
"""A file system of some hundred GiB grows in a minute."""

_APPEARS = 60.0
"""Seconds for a disk that was plugged in to be found by the kernel and named by udev."""

_SHARE, _LEAST = 5, 64 * 1024**2
"""A snapshot gets room for a fifth of its origin to change, and at least these bytes."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
# lvm(8): names that LVM keeps for itself.
_TAKEN = re.compile(r"snapshot.*|pvmove.*|.*_(cdata|cmeta|corig|mlog|mimage|rimage|tdata|tmeta).*")


async def grow(connect: Connect, machine: str, name: str, size: int) -> Volume:
    """Make a volume and the file system in it larger, mounted or not; the volume as it is then.

    Args:
        size: bytes in all, rounded up to whole extents.

    Raises:
        AshoreError: no such volume, it is larger already or has a snapshot, or the group
            has not so much free.
    """
    found = await group(connect, machine)
    volume = _known(found, machine, name)
    wanted = found.rounded(size)
    if wanted < volume.size:
        raise AshoreError(
            f"{machine}:{name} has {format_whole(volume.size)}, and a volume is never made smaller",
            f"a size above {format_whole(volume.size)}",
            ExitCode.USAGE,
        )
    if wanted - volume.size > found.free:
        raise AshoreError(
            f"{machine}:{name} cannot grow by {format_whole(wanted - volume.size)}:"
            f" {GROUP} has {format_whole(found.free)} free",
            f"`ashore volume list {machine}` shows what has the rest; a machine that is made"
            " anew has the disk.size of the stack file",
            ExitCode.USAGE,
        )
    path = f"/dev/{GROUP}/{name}"
    transport = connect(machine)
    if wanted > volume.size:
        refuse_origins(found, machine, [name])
        await transport.run(["lvextend", "-q", "-L", f"{wanted}b", path], timeout=_SECONDS)
    if volume.filesystem:
        # Also where the volume has its size already: a growth may have been interrupted.
        await transport.run(["resize2fs", path], timeout=_SECONDS)
    return _known(await group(connect, machine), machine, name)


def refuse_origins(found: Group, machine: str, names: Collection[str]) -> None:
    """Refuse beforehand what lvextend does not do: grow a volume in use that has a snapshot.

    2.03.16 of Debian 12 and Ubuntu 24.04 has this check, and 2.03.31 of Debian 13 as well.

    Args:
        names: of volumes that are to grow.

    Raises:
        AshoreError: one of them has a snapshot.
    """
    for kept in found.volumes:
        if kept.origin in names:
            goes = f"`ashore volume remove {machine}:{kept.name}` deletes it"
            if kept.merging:
                goes = f"`ashore power reset {machine}` ends the rollback to it"
            raise AshoreError(
                f"{machine}:{kept.origin} cannot grow while it has a snapshot:"
                f" {machine}:{kept.name}",
                f"{goes}; then the same again",
                ExitCode.USAGE,
            )


async def extend(connect: Connect, machine: str, disk: str) -> Group:
    """Let the group have an empty disk of the machine; the group as it is then.

    Args:
        disk: the disk's serial number. One that the group has already is left as it is.

    Raises:
        CommandFailed: the disk is in use, or something is on it.
    """
    transport = connect(machine)
    path = _path(disk)
    appears = f"udevadm wait --timeout={_APPEARS:.0f} {path} && readlink -f {path}"
    real = (await transport.run(["sh", "-c", appears], timeout=2 * _APPEARS)).text.strip()
    if real not in await _members(transport):
        # Without --yes: it refuses a disk that has something on it.
        await transport.run(["vgextend", "-q", GROUP, real], timeout=_SECONDS)
    return await group(connect, machine)


async def outside(connect: Connect, machine: str, disks: Sequence[str]) -> list[str]:
    """Those of the disks that the group does not have; the machine need not see them yet.

    Args:
        disks: their serial numbers.
    """
    transport = connect(machine)
    # -m: the directory itself is missing where no disk has a serial number.
    done = await transport.run(["readlink", "-m", *map(_path, disks)])
    members = await _members(transport)
    found = zip(disks, done.text.splitlines(), strict=True)
    return [disk for disk, real in found if real not in members]


async def snapshot(
    connect: Connect, machine: str, name: str, label: str | None, size: int | None
) -> Volume:
    """Keep what a volume holds now.

    Args:
        label: the snapshot's name; without one, the volume's and the time (UTC).
        size: bytes that may change before the snapshot is worth nothing any more;
            without it, a fifth of the volume.

    Raises:
        AshoreError: no such volume, the name is taken or none, or there is no room.
    """
    found = await group(connect, machine)
    volume = _known(found, machine, name)
    if volume.origin:
        raise AshoreError(
            f"{machine}:{name} is a snapshot itself", f"of {volume.origin}", ExitCode.USAGE
        )
    called = label or f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    if not _NAME.fullmatch(called) or _TAKEN.fullmatch(called):
        raise AshoreError(
            f"a snapshot cannot be called {called!r}",
            "small letters, digits, `-`, `_` and `.`; not a name that LVM keeps for itself",
            ExitCode.USAGE,
        )
    if found.find(called):
        raise AshoreError(
            f"{machine} has a volume {called} already", "--as gives another name", ExitCode.USAGE
        )
    room = found.rounded(size or max(volume.size // _SHARE, _LEAST))
    if room > found.free:
        raise AshoreError(
            f"no room for a snapshot of {machine}:{name}: it needs {format_whole(room)},"
            f" and {GROUP} has {format_whole(found.free)} free",
            "a smaller --size, or `ashore volume remove` of an old snapshot",
            ExitCode.USAGE,
        )
    argv = ["lvcreate", "-q", "--snapshot", "--name", called, "--size", f"{room}b"]
    await connect(machine).run([*argv, f"{GROUP}/{name}"], timeout=_SECONDS)
    return _known(await group(connect, machine), machine, called)


async def rollback(connect: Connect, machine: str, name: str) -> bool:
    """Take a volume back to a snapshot, which goes with that.

    Returns:
        whether it is done; else the volume is in use, and it is done when the
        machine starts next.

    Raises:
        AshoreError: no such snapshot, or one that ran full.
    """
    found = await group(connect, machine)
    volume = _snapshot(found, machine, name)
    if volume.invalid:
        raise AshoreError(
            f"{machine}:{name} ran full, so that it no longer holds what it was taken of",
            f"ashore volume remove {machine}:{name}",
        )
    if not volume.merging:
        argv = ["lvconvert", "-q", "--yes", "--merge", f"{GROUP}/{name}"]
        await connect(machine).run(argv, timeout=_SECONDS)
    return (await group(connect, machine)).find(name) is None


async def remove(connect: Connect, machine: str, name: str) -> None:
    """Delete a snapshot.

    Raises:
        AshoreError: no such volume, no snapshot, one that is being rolled back to,
            or one that is mounted.
    """
    volume = _snapshot(await group(connect, machine), machine, name)
    if volume.merging:
        raise AshoreError(
            f"{volume.origin} is rolled back to {machine}:{name} when {machine} starts next",
            f"`ashore power reset {machine}` starts it now, and the snapshot goes with that",
            ExitCode.USAGE,
        )
    if volume.mount:
        raise AshoreError(
            f"{machine}:{name} is mounted at {volume.mount}", "unmount it first", ExitCode.USAGE
        )
    await connect(machine).run(["lvremove", "-q", "--yes", f"{GROUP}/{name}"], timeout=_SECONDS)


def _path(disk: str) -> str:
    return f"/dev/disk/by-id/virtio-{disk}"


async def _members(transport: Transport) -> set[str]:
    """The devices that the group is on."""
    listed = await transport.run(["pvs", "--noheadings", "-o", "pv_name,vg_name"])
    rows = [line.split() for line in listed.text.splitlines()]
    return {row[0] for row in rows if row[1:] == [GROUP]}


def _snapshot(found: Group, machine: str, name: str) -> Volume:
    volume = _known(found, machine, name)
    if not volume.origin:
        raise AshoreError(
            f"{machine}:{name} is no snapshot: it holds {volume.mount or 'data'}",
            "`ashore volume list` names the snapshots",
            ExitCode.USAGE,
        )
    return volume


def _known(found: Group, machine: str, name: str) -> Volume:
    volume = found.find(name)
    if volume is None:
        names = ", ".join(v.name for v in found.volumes)
        raise AshoreError(f"{machine} has no volume {name}", f"there are: {names}", ExitCode.USAGE)
    return volume
