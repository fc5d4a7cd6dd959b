"""Results of verbs as text: status, plan, findings of the doctor."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from ashore.console import volumes
from ashore.console.grid import View, columns, stdout
from ashore.console.lines import Piece
from ashore.console.words import count, name
from ashore.drivers.base import Finding, Level
from ashore.plan.step import LAYERS

_NEW = re.compile(
    r"\b(absent|missing|no such|does not exist)\b"
    r"|\bnot (there|found|made|built|installed|loaded)\b|^after:"
)
_HEADER = ("", "NAME", "ROLE", "ADDRESS", "POWER", "DETAIL")
_GONE = re.compile(r"^(remove|drain|delete)\b")


def status_table(found: Mapping[str, Any], view: View | None = None) -> str:
    """The document of `status -o json` as a table; `problems` are listed below it."""
    view = view or stdout()
    rows = [_machine(machine, view) for machine in found["machines"]]
    lines = [
        *_facts(found, view),
        *([""] if rows else []),
        *columns(rows, view, _HEADER),
        *volumes.table(found["volumes"], view),
        *_bullets(found.get("problems") or (), view),
    ]
    return "\n".join(lines) + "\n"


def _machine(machine: Mapping[str, Any], view: View) -> list[Piece]:
    return [
        _mark(bool(machine["ready"]), view),
        (machine["name"], "bold"),
        (machine["role"], ""),
        (machine["address"], ""),
        (machine["power"], "" if machine["power"] == "on" else "red"),
        (machine.get("detail") or "", "" if machine["ready"] else "yellow"),
    ]


def _facts(found: Mapping[str, Any], view: View) -> list[str]:
    floating, kubernetes = found["floatingIP"], found["kubernetes"]
    holders: Sequence[str] = floating["holders"]
    if len(holders) > 1:
        where = f"{floating['address']} on {', '.join(holders)} at once"
    else:
        where = f"{floating['address']} on {holders[0] if holders else 'no machine'}"
    nodes, ready = kubernetes["nodes"], kubernetes["ready"]
    version = str(kubernetes["version"] or "").removeprefix("v")
    rows: list[list[Piece]] = [
        [
            _mark(found["healthy"], view),
            (found["stack"], "bold"),
            ("healthy" if found["healthy"] else "not as it should be", ""),
        ],
        [_mark(len(holders) == 1, view), ("floating IP", ""), (where, "")],
        [
            _mark(bool(nodes) and nodes == ready, view),
            ("Kubernetes", ""),
            (f"v{version}, {ready} of {nodes} nodes ready" if version else "no answer", ""),
        ],
    ]
    if offered := volumes.classes(found["volumes"]):
        rows.append([_mark(True, view), ("volumes", ""), (offered, "")])
    if (services := found["services"])["used"] is not None:
        given = f"{services['used']} of {services['addresses']} for services"
        rows.append([_mark(True, view), ("addresses", ""), (given, "")])
    return columns(rows, view)


def plan_table(changes: Sequence[Mapping[str, Any]], view: View | None = None) -> str:
    """Changes by layer: `+` makes something, `~` changes it, `-` takes it away."""
    view = view or stdout()
    if not changes:
        return f"{view.paint(view.marks.done, 'green')} nothing to change\n"
    ordered = sorted(changes, key=lambda change: LAYERS.index(change["layer"]))
    rows: list[list[Piece]] = [
        [
            ("" if index else change["layer"], "bold"),
            (_sign(change), _SIGNS[_sign(change)]),
            (name(change["machine"], change["title"]), ""),
            ("; ".join(change["reasons"]), "dim"),
        ]
        for _, group in groupby(ordered, key=lambda change: str(change["layer"]))
        for index, change in enumerate(group)
    ]
    lines = columns(rows, view)
    lines += ["", f"{count(len(changes), 'change')}; `ashore up` makes {_them(changes)}."]
    return "\n".join(lines) + "\n"


_SIGNS = {"+": "green", "~": "yellow", "-": "red"}


def _sign(change: Mapping[str, Any]) -> str:
    """A step's title is imperative, so its first word tells what is taken away."""
    if _GONE.search(change["title"]):
        return "-"
    return "+" if any(_NEW.search(reason) for reason in change["reasons"]) else "~"


def _them(changes: Sequence[object]) -> str:
    return "it" if len(changes) == 1 else "them"


def findings_table(findings: Sequence[Finding], view: View | None = None) -> str:
    """What the doctor found: what is well in a line, the rest with reason and fix.

    Advice is not wrapped, so that a command can be copied from it.
    """
    view = view or stdout()
    width = max((len(finding.id) for finding in findings), default=0)
    lines: list[str] = []
    for finding in findings:
        head = [_level(finding.level, view), (finding.id.ljust(width), ""), (finding.what, "")]
        lines += columns([head], view)
        if finding.level is not Level.OK:
            lines += [f"   {view.paint(text, 'dim')}" for text in _advice(finding)]
    bad = sum(finding.level is Level.ERROR for finding in findings)
    warned = sum(finding.level is Level.WARNING for finding in findings)
    verdict = (
        f"This host is not fit yet: {count(bad, 'error')}, {count(warned, 'warning')}."
        if bad
        else "This host is fit" + (f": {count(warned, 'warning')}." if warned else ".")
    )
    return "\n".join([*lines, "", verdict]) + "\n"


def _advice(finding: Finding) -> list[str]:
    lines = [f"why: {finding.why}"] if finding.why else []
    if finding.fix:
        lines.append(f"fix: {finding.fix}")
    if finding.mended_by_up:
        lines.append("`ashore up` does this by itself")
    return lines


def _mark(good: bool, view: View) -> Piece:
    return (view.marks.done, "green") if good else (view.marks.failed, "red")


def _level(level: Level, view: View) -> Piece:
    if level is Level.WARNING:
        return ("!", "yellow")
    return _mark(level is Level.OK, view)


def _bullets(problems: Sequence[str], view: View) -> list[str]:
    rows: list[list[Piece]] = [[_mark(False, view), (problem, "")] for problem in problems]
    return ["", *columns(rows, view)] if rows else []
