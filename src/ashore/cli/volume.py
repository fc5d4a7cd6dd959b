"""`ashore volume`."""

import json
from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from ashore.cli.common import Output, Target, drive

volume = App(name="volume", help="Logical volumes of virtual machines, while they are in use.")

Place = Annotated[str, Parameter(help="a machine and its volume: w1:var")]
Snapshot = Annotated[str, Parameter(help="a machine and a snapshot that `list` names")]


@volume.command(name="list")
def list_(
    name: Annotated[str | None, Parameter(help="a machine's name; without it, all")] = None,
    *,
    target: Target | None = None,
    output: Output = "text",
) -> int:
    """List volumes and snapshots, how full they are, and what their group has free."""
    return drive(_list(target or Target(), name, output))


async def _list(target: Target, name: str | None, output: str) -> int:
    from ashore.app.lvm import volumes
    from ashore.app.select import select
    from ashore.console.lvm import table

    found = await volumes(select(target), name)
    print(json.dumps(found) if output == "json" else table(found), end="")  # noqa: T201
    return 0


@volume.command
def grow(
    place: Place,
    size: Annotated[str, Parameter(help="how large it is to be (8GiB), or how much more (+1GiB)")],
    *,
    target: Target | None = None,
    output: Output = "text",
) -> int:
    """Make a volume and its file system larger, without unmounting it."""
    return drive(_grow(target or Target(), place, size, output))


async def _grow(target: Target, place: str, size: str, output: str) -> int:
    from ashore.app import lvm
    from ashore.app.select import select
    from ashore.stack.values import format_whole

    found = await lvm.grow(select(target), place, size)
    text = f"{place} has {format_whole(found.size)}"
    print(json.dumps(asdict(found)) if output == "json" else text)  # noqa: T201
    return 0


@volume.command
def extend(
    name: Annotated[str, Parameter(help="a machine's name")],
    size: Annotated[str, Parameter(help="of the new disk: 16GiB")],
    *,
    as_: Annotated[
        str | None, Parameter(name="--as", help="the disk's name; without it, disk1, disk2...")
    ] = None,
    target: Target | None = None,
    output: Output = "text",
) -> int:
    """Plug one more disk into a machine, and let its volume group have it."""
    return drive(_extend(target or Target(), name, size, as_, output))


async def _extend(target: Target, name: str, size: str, label: str | None, output: str) -> int:
    from ashore.app import lvm
    from ashore.app.select import select
    from ashore.stack.values import format_whole

    found = await lvm.extend(select(target), name, size, label)
    free, whole = format_whole(found["free"]), format_whole(found["size"])
    text = f"{name} has {found['disk']}: {free} of {whole} are free"
    print(json.dumps(found) if output == "json" else text)  # noqa: T201
    return 0


@volume.command
def snapshot(
    place: Place,
    *,
    as_: Annotated[
        str | None, Parameter(name="--as", help="its name; without it, the volume's and the time")
    ] = None,
    size: Annotated[
        str | None, Parameter(help="how much may change; without it, a fifth of the volume")
    ] = None,
    target: Target | None = None,
    output: Output = "text",
) -> int:
    """Keep what a volume holds now, to roll back to it."""
    return drive(_snapshot(target or Target(), place, as_, size, output))


async def _snapshot(
    target: Target, place: str, label: str | None, size: str | None, output: str
) -> int:
    from ashore.app import lvm
    from ashore.app.select import select

    found = await lvm.snapshot(select(target), place, label, size)
    text = f"{place.partition(':')[0]}:{found.name}"
    print(json.dumps(asdict(found)) if output == "json" else text)  # noqa: T201
    return 0


@volume.command
def rollback(place: Snapshot, *, target: Target | None = None, output: Output = "text") -> int:
    """Take a volume back to a snapshot, which goes with that."""
    return drive(_rollback(target or Target(), place, output))


async def _rollback(target: Target, place: str, output: str) -> int:
    from ashore.app import lvm
    from ashore.app.select import select

    done = await lvm.rollback(select(target), place)
    machine = place.partition(":")[0]
    text = "done" if done else f"done when {machine} starts next: ashore power reset {machine}"
    print(json.dumps({"snapshot": place, "done": done}) if output == "json" else text)  # noqa: T201
    return 0


@volume.command
def remove(place: Snapshot, *, target: Target | None = None, output: Output = "text") -> int:
    """Delete a snapshot. Volumes themselves are never deleted."""
    return drive(_remove(target or Target(), place, output))


async def _remove(target: Target, place: str, output: str) -> int:
    from ashore.app import lvm
    from ashore.app.select import select

    await lvm.remove(select(target), place)
    print(json.dumps({"removed": place}) if output == "json" else f"removed {place}")  # noqa: T201
    return 0
