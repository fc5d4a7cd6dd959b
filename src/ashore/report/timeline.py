"""One run on a time axis: answers, gaps, and who had the floating IP, with the fault shaded."""

from collections.abc import Sequence
from typing import Any

from ashore.report.rows import Document
from ashore.report.shapes import Linear, Logarithmic, line, rect, seconds, step, svg, text

WIDTH = 960.0
_LEFT, _RIGHT = 104.0, 896.0
_TOP = 26.0
_LATENCY = 120.0
_LANE, _PITCH = 12.0, 22.0
_FASTEST, _SLOWEST = 1.0, 1000.0  # ms

_LANES = {
    "api": "new connections",
    "held": "held connection",
    "writes": "writes",
    "names": "names",
    "lease": "lease",
    "shared": "shared volume",
}


def timeline(document: Document) -> str:
    """The run as an SVG picture."""
    marks: dict[str, float] = document["marks"]
    begin, end = marks.get("began", -1.0), marks.get("ended", 1.0)
    x = Linear(begin, end, _LEFT, _RIGHT)
    lanes = [name for name in _LANES if document["probes"].get(name, {}).get("samples")]
    machines = sorted({h["machine"] for h in document.get("holders", ())})
    below = _TOP + _LATENCY + 14
    bottom = below + _PITCH * (len(lanes) + len(machines))
    parts = [*_shades(marks, x, bottom), *_axis(x, begin, end, bottom)]
    parts += _latency(document["probes"].get("api", {}), x)
    for i, name in enumerate(lanes):
        parts += _lane(_LANES[name], document["probes"][name], x, below + i * _PITCH)
    for i, machine in enumerate(machines):
        y = below + (len(lanes) + i) * _PITCH
        parts += _holder(machine, document["holders"], x, y)
    label = f"Time line of {document['drill']}"
    return svg(WIDTH, bottom + 30, label, parts)


def _shades(marks: dict[str, float], x: Linear, bottom: float) -> list[str]:
    undo = marks.get("undo", marks.get("ended", 0.0))
    healthy = marks.get("healthy", marks.get("ended", undo))
    fault = rect(x(0), _TOP, x(undo) - x(0), bottom - _TOP, "fault")
    mends = rect(x(undo), _TOP, x(healthy) - x(undo), bottom - _TOP, "mends")
    words = [
        text(x(0) + 4, _TOP - 8, "fault", "small bad"),
        text(_RIGHT + 8, _TOP + _LATENCY + 6, "longest gap", "small dim"),
    ]
    if x(healthy) - x(undo) > 60:
        words.append(text(x(undo) + 4, _TOP - 8, "recovery", "small dim"))
    return [fault, mends, *words]


def _axis(x: Linear, begin: float, end: float, bottom: float) -> list[str]:
    distance = step(end - begin, 14)
    first = int(begin / distance)
    parts: list[str] = []
    for i in range(first, int(end / distance) + 1):
        at = x(i * distance)
        parts.append(line(at, _TOP, at, bottom, "zero" if i == 0 else "grid"))
        parts.append(text(at, bottom + 16, f"{i * distance:g} s", "small dim middle"))
    return parts


def _latency(probe: dict[str, Any], x: Linear) -> list[str]:
    """A bar from the fastest to the slowest answer in each pixel, failures above them."""
    y = Logarithmic(_FASTEST, _SLOWEST, _TOP + _LATENCY, _TOP + 14)
    parts: list[str] = []
    for ms in (1, 10, 100, 1000):
        said = f"{ms} ms" if ms < 1000 else "1 s"
        parts.append(line(_LEFT, y(ms), _RIGHT, y(ms), "grid"))
        parts.append(text(_LEFT - 8, y(ms) + 4, said, "small dim end"))
    samples = probe.get("samples")
    if not samples:
        return parts
    failed = {int(i) for i in samples["failed"]}
    columns: dict[int, list[float]] = {}
    failures: set[int] = set()
    for i, planned in enumerate(samples["planned"]):
        column = round(x(planned))
        if i in failed:
            failures.add(column)
        else:
            columns.setdefault(column, []).append(samples["took"][i])
    bars = [
        f"M{column} {y(min(took)) + 0.8:.1f}V{y(max(took)) - 0.8:.1f}"
        for column, took in sorted(columns.items())
    ]
    ticks = [f"M{column} {_TOP + 2:.0f}v8" for column in sorted(failures)]
    parts.append(f'<path class="answers" d="{"".join(bars)}"/>')
    if ticks:
        parts.append(f'<path class="failures" d="{"".join(ticks)}"/>')
    return parts


def _lane(label: str, probe: dict[str, Any], x: Linear, y: float) -> list[str]:
    """Served all the time but in the gaps; the longest is written beside them."""
    parts = [
        text(_LEFT - 8, y + _LANE - 2, label, "small dim end"),
        rect(_LEFT, y, _RIGHT - _LEFT, _LANE, "served"),
    ]
    gaps: Sequence[dict[str, Any]] = probe.get("summary", {}).get("gaps", ())
    for gap in gaps:
        took = gap["end"] - gap["start"]
        blind = gap["blind"] > 0.5 * took
        tip = f"{seconds(took)} without an answer, from {gap['start']:+.2f} s"
        tip += f"; the client did not run for {seconds(gap['blind'])} of it" if gap["blind"] else ""
        style = "blind" if blind else "gap"
        width = max(1.0, x(gap["end"]) - x(gap["start"]))
        parts.append(rect(x(gap["start"]), y, width, _LANE, style, tip))
    if longest := probe.get("summary", {}).get("longest"):
        parts.append(text(_RIGHT + 8, y + _LANE - 2, seconds(longest), "small"))
    return parts


def _holder(machine: str, holders: Sequence[dict[str, Any]], x: Linear, y: float) -> list[str]:
    parts = [
        text(_LEFT - 8, y + _LANE - 2, f"{machine} holds", "small dim end"),
        rect(_LEFT, y, _RIGHT - _LEFT, _LANE, "lane"),
    ]
    for held in holders:
        if held["machine"] == machine:
            start, end = x(held["begun"][1]), x(held["ended"][0])
            tip = f"{machine} has the floating IP from {held['begun'][1]:+.2f} s"
            parts.append(rect(start, y, max(1.0, end - start), _LANE, "holds", tip))
    return parts
