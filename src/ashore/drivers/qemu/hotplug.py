"""Disks that are plugged into a machine while it runs, or before its next start."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ashore.drivers.qemu import qmp
from ashore.drivers.qemu.layout import Definition, Layout
from ashore.errors import AshoreError, ExitCode
from ashore.stack.values import format_whole

PORTS = tuple(f"spare{number}" for number in range(1, 5))
"""Of the PCI Express bus; all free again after a start, when every disk has its place beside."""

_PERIPHERAL = "/machine/peripheral"
# virtio keeps 20 characters of a serial number; the other disks have these names.
_NAME = re.compile(r"(?!(root|seed|programs|data\d*)$|data-)[a-z][a-z0-9-]{0,19}")


def device(disk: str) -> str:
    """QEMU's name for the disk in its port."""
    return f"added-{disk}"


async def add(definition: Definition, layout: Layout, disk: str, size: int, *, runs: bool) -> None:
    """See `Disks.disk_add`."""
    _check(definition, disk, size)
    file = layout.added(disk)
    if disk not in definition.added:
        # First the file, then what names it: a machine is not started with a disk it lacks.
        _make(file, size)
        layout.save(replace(definition, added={**definition.added, disk: size}))
    if not runs:
        return
    plugged = await _plugged(layout, definition.machine)
    if device(disk) not in plugged:
        port = next((port for port in PORTS if port not in plugged.values()), None)
        if port is None:
            raise AshoreError(
                f"{definition.machine} has no free port, so its new disk {disk} waits",
                f"`ashore power reset {definition.machine}` plugs it in, and frees all ports",
            )
        await _plug(layout, definition.machine, disk, port)


def _make(file: Path, size: int) -> None:
    """An empty disk, in the place of whatever an interrupted call has left there."""
    try:
        file.unlink(missing_ok=True)
        with file.open("xb") as made:
            made.truncate(size)
    except (OSError, OverflowError) as error:
        with suppress(OSError):
            file.unlink(missing_ok=True)
        why = error.strerror if isinstance(error, OSError) else error
        raise AshoreError(
            f"no disk of {format_whole(size)} can be made for the machine: {why}",
            f"a smaller one, or room in {file.parent}",
        ) from error


def _check(definition: Definition, disk: str, size: int) -> None:
    if not _NAME.fullmatch(disk):
        raise AshoreError(
            f"a disk cannot be called {disk!r}",
            "up to 20 small letters, digits and `-`, first a letter; root, seed, programs and"
            " data are taken",
            ExitCode.USAGE,
        )
    has = definition.added.get(disk, size)
    if has != size:
        raise AshoreError(
            f"{definition.machine} has a disk {disk} already, of {format_whole(has)}",
            "another name makes another disk",
            ExitCode.USAGE,
        )


async def _plugged(layout: Layout, machine: str) -> Mapping[str, str]:
    """QEMU's names of the disks that came later -> the ports they are in."""
    (found,) = await qmp.ask(layout.qmp, machine, [("qom-list", {"path": _PERIPHERAL})])
    names = [each["name"] for each in found if each["name"].startswith(device(""))]
    where = [
        ("qom-get", {"path": f"{_PERIPHERAL}/{name}", "property": "parent_bus"}) for name in names
    ]
    buses = await qmp.ask(layout.qmp, machine, where) if where else []
    return {name: bus.rpartition("/")[2] for name, bus in zip(names, buses, strict=True)}


async def _plug(layout: Layout, machine: str, disk: str, port: str) -> None:
    medium = {"driver": "file", "filename": str(layout.added(disk)), "discard": "unmap"}
    known = await qmp.ask(layout.qmp, machine, [("query-named-block-nodes", {"flat": True})])
    commands: list[qmp.Command] = []
    if disk not in {node["node-name"] for node in known[0]}:
        node = {"driver": "raw", "node-name": disk, "discard": "unmap", "file": medium}
        commands.append(("blockdev-add", node))
    plug = {"driver": "virtio-blk-pci", "id": device(disk), "drive": disk, "serial": disk}
    await qmp.ask(layout.qmp, machine, [*commands, ("device_add", {**plug, "bus": port})])
