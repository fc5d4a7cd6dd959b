"""Volumes in the table of `status`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ashore.components.volumes.agent.quantity import show
from ashore.console.grid import View, columns
from ashore.console.lines import Piece

_HEADER = ("", "CLAIM", "SIZE", "USED", "LIMIT")
_LIMIT = {True: "enforced", False: "not enforced", None: "no answer"}


def classes(found: Mapping[str, Any]) -> str:
    """`shared (default), local (sizes not enforced)`: what a claim can name."""
    ordered = sorted(found["classes"], key=lambda c: not c["default"])
    return ", ".join(map(_class, ordered))


def _class(found: Mapping[str, Any]) -> str:
    notes = ["default"] if found["default"] else []
    if not found["enforced"]:
        notes.append("sizes not enforced")
    return f"{found['name']} ({', '.join(notes)})" if notes else found["name"]


def table(found: Mapping[str, Any], view: View) -> list[str]:
    """Every shared volume, below an empty line; nothing if there is none."""
    shared: Sequence[Mapping[str, Any]] = found["shared"]
    rows = [_row(volume, view) for volume in shared]
    return ["", *columns(rows, view, _HEADER)] if rows else []


def _row(volume: Mapping[str, Any], view: View) -> list[Piece]:
    good = volume["limited"] is True
    mark = (view.marks.done, "green") if good else (view.marks.failed, "red")
    used = "" if volume["used"] is None else show(volume["used"])
    return [
        mark,
        (volume["claim"], "bold"),
        (show(volume["size"]), ""),
        (used, ""),
        (_LIMIT[volume["limited"]], "" if good else "yellow"),
    ]
