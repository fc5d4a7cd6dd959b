"""The logical volumes of machines as text."""

from collections.abc import Mapping
from typing import Any

from ashore.console.grid import View, columns, stdout
from ashore.console.lines import Piece
from ashore.stack.values import format_whole

_HEADER = ("VOLUME", "SIZE", "USED", "MOUNTED AT", "DETAIL")


def table(found: Mapping[str, Any], view: View | None = None) -> str:
    """The document of `volume list -o json`, and below it what each group has free."""
    view = view or stdout()
    rows = [_row(m["name"], volume) for m in found["machines"] for volume in m["volumes"]]
    lines = [*columns(rows, view, _HEADER), ""]
    for machine in found["machines"]:
        group = machine["group"]
        size, free = format_whole(group["size"]), format_whole(group["free"])
        lines.append(f"{machine['name']}: {free} of {group['name']}'s {size} are free")
    return "\n".join(lines) + "\n"


def _row(machine: str, volume: Mapping[str, Any]) -> list[Piece]:
    used = f"{100 * volume['used'] // volume['size']} %" if volume["mount"] else ""
    return [
        (f"{machine}:{volume['name']}", "bold"),
        (format_whole(volume["size"]), ""),
        (used, ""),
        (volume["mount"], ""),
        (_detail(volume), "yellow" if volume["invalid"] or volume["full"] > _NEARLY else ""),
    ]


_NEARLY = 80.0
"""Percent of its room above which a snapshot is soon worth nothing."""


def _detail(volume: Mapping[str, Any]) -> str:
    if not volume["origin"]:
        return ""
    if volume["merging"]:
        return f"{volume['origin']} is rolled back to it at the next start"
    if volume["invalid"]:
        return f"snapshot of {volume['origin']} that ran full: worth nothing"
    return f"snapshot of {volume['origin']}, {volume['full']:.0f} % full"
