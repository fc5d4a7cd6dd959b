"""`volume`: the logical volumes of machines, while they are in use."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import count
from typing import Any

from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.components.lvm import change, probe
from ashore.components.lvm.probe import GROUP, Volume
from ashore.drivers.base import Disks
from ashore.errors import AshoreError, ExitCode
from ashore.host.run import require_root
from ashore.stack.values import LARGEST_DISK, MIB, format_memory, parse_memory
from ashore.together import together
from ashore.transport.base import Connect

_SMALLEST_DISK = 8 * MIB
"""LVM's own beginning of 1 MiB, and room for an extent of 4 MiB."""


async def volumes(chosen: Chosen, name: str | None) -> dict[str, Any]:
    """The document of `volume list -o json`: bytes, and percent of a snapshot's room.

    Raises:
        AshoreError: no such machine, or one that does not answer.
    """
    session = _open(chosen)
    names = [name] if name else [m.name for m in session.stack.machines]
    for each in names:
        _machine(session, each)
    connect = session.context.connect
    found = await together(*(probe.group(connect, each) for each in names))
    return {
        "machines": [
            {
                "name": each,
                "group": {"name": GROUP, "size": group.size, "free": group.free},
                "volumes": [asdict(volume) for volume in group.volumes],
            }
            for each, group in zip(names, found, strict=True)
        ]
    }


async def grow(chosen: Chosen, place: str, size: str) -> Volume:
    """Make a volume larger: to a size, or by one (`+1GiB`).

    Raises:
        AshoreError: no size, no such volume, or no room (see `change.grow`).
    """
    session, machine, name = _place(chosen, place)
    connect, wanted = session.context.connect, _size(size.removeprefix("+"))
    if size.startswith("+"):
        volume = (await probe.group(connect, machine)).find(name)
        wanted += volume.size if volume else 0
    return await change.grow(connect, machine, name, wanted)


async def extend(chosen: Chosen, machine: str, size: str, label: str | None) -> dict[str, Any]:
    """Give a machine one more disk, and its group the room on it.

    Args:
        label: the disk's name; without one, that of a disk of this size which the group has
            not got, as an interrupted call leaves it; else the first of disk1, disk2...

    Raises:
        AshoreError: no size, no such machine or one that does not answer, or no disk can be
            added to it.
    """
    session = _open(chosen)
    _machine(session, machine)
    driver = session.driver
    if not isinstance(driver, Disks):
        raise AshoreError(
            f"driver {driver.name} cannot add a disk to {machine}",
            "one that the machine has already is taken by its own vgextend",
            ExitCode.USAGE,
        )
    connect, wanted = session.context.connect, _disk_size(size)
    # Asked before anything is made: a machine that does not answer gets no disk.
    await probe.group(connect, machine)
    disk = label or await _new_disk(connect, machine, driver.disks(machine), wanted)
    await driver.disk_add(machine, disk, wanted)
    try:
        group = await change.extend(connect, machine, disk)
    except AshoreError as error:
        hint = f"{machine} has {disk} now: the same with `--as {disk}` goes on with it, and with"
        hints = (error.hint, f"{hint} another name makes another disk")
        raise AshoreError(error.message, "; ".join(filter(None, hints)), error.exit_code) from error
    return {"machine": machine, "disk": disk, "size": group.size, "free": group.free}


async def snapshot(chosen: Chosen, place: str, label: str | None, size: str | None) -> Volume:
    """Keep what a volume holds now; see `change.snapshot`."""
    session, machine, name = _place(chosen, place)
    wanted = _size(size) if size else None
    return await change.snapshot(session.context.connect, machine, name, label, wanted)


async def rollback(chosen: Chosen, place: str) -> bool:
    """Take a volume back to a snapshot; whether it is done (see `change.rollback`)."""
    session, machine, name = _place(chosen, place)
    return await change.rollback(session.context.connect, machine, name)


async def remove(chosen: Chosen, place: str) -> None:
    """Delete a snapshot; see `change.remove`."""
    session, machine, name = _place(chosen, place)
    await change.remove(session.context.connect, machine, name)


def _place(chosen: Chosen, place: str) -> tuple[Session, str, str]:
    machine, colon, name = place.partition(":")
    if not (machine and colon and name):
        raise AshoreError(
            f"{place} names no volume", "a machine and its volume: w1:var", ExitCode.USAGE
        )
    session = _open(chosen)
    _machine(session, machine)
    return session, machine, name


def _open(chosen: Chosen) -> Session:
    require_root("volume")
    if not chosen.stack.volumes:
        raise AshoreError(
            f"the machines of {chosen.stack.name} have no logical volumes:"
            f" driver {chosen.stack.driver} makes containers, which have no disk of their own",
            "`driver: qemu` or `virtualbox` makes machines from the golden disk, which has them",
            ExitCode.USAGE,
        )
    return open_session(chosen)


def _machine(session: Session, name: str) -> None:
    if session.stack.machine(name) is None:
        names = ", ".join(m.name for m in session.stack.machines)
        raise AshoreError(
            f"{session.stack.name} has no machine {name}", f"there are: {names}", ExitCode.USAGE
        )


async def _new_disk(connect: Connect, machine: str, there: Mapping[str, int], size: int) -> str:
    """The name for a disk: of one that was added and is still outside of the group, or a new one.

    One that came into use otherwise is not endangered: `vgextend` refuses what is not empty.
    """
    alike = [name for name, has in there.items() if has == size]
    if alike and (outside := await change.outside(connect, machine, alike)):
        return outside[0]
    return next(name for name in (f"disk{i}" for i in count(1)) if name not in there)


def _disk_size(text: str) -> int:
    size = _size(text)
    if not _SMALLEST_DISK <= size <= LARGEST_DISK:
        least, most = format_memory(_SMALLEST_DISK), format_memory(LARGEST_DISK)
        raise AshoreError(
            f"a disk of {text} cannot be added", f"from {least} to {most}", ExitCode.USAGE
        )
    return size


def _size(text: str) -> int:
    try:
        return parse_memory(text)
    except ValueError as error:
        raise AshoreError(
            f"{text} is no size: it {error}", "a size is 8GiB or 512MiB", ExitCode.USAGE
        ) from error
