"""`volume`: the logical volumes of machines, while they are in use."""

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
from ashore.stack.values import parse_memory
from ashore.together import together


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
        label: the disk's name; without one, the first of disk1, disk2... that is free.

    Raises:
        AshoreError: no size, no such machine, or no disk can be added to it.
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
    there = driver.disks(machine)
    disk = label or next(n for n in (f"disk{i}" for i in count(1)) if n not in there)
    await driver.disk_add(machine, disk, _size(size))
    group = await change.extend(session.context.connect, machine, disk)
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


def _size(text: str) -> int:
    try:
        return parse_memory(text)
    except ValueError as error:
        raise AshoreError(
            f"{text} is no size: it {error}", "a size is 8GiB or 512MiB", ExitCode.USAGE
        ) from error
