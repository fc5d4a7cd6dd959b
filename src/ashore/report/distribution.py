"""The longest gap of every run of every drill on one logarithmic axis."""

from collections.abc import Sequence

from ashore.report.rows import Row, longest
from ashore.report.shapes import Logarithmic, circle, line, seconds, svg, text

_WIDTH, _LEFT, _RIGHT = 960.0, 190.0, 940.0
_PITCH, _TOP = 26.0, 14.0
_LOW, _HIGH = 0.01, 100.0  # s


def distribution(rows: Sequence[Row]) -> str:
    """A line for each drill: a dot for each run, a bar at the median, a hook at the bound."""
    bottom = _TOP + _PITCH * len(rows)
    x = Logarithmic(_LOW, _HIGH, _LEFT, _RIGHT)
    parts: list[str] = []
    for mark in (0.01, 0.1, 1, 10, 100):
        parts.append(line(x(mark), _TOP - 6, x(mark), bottom, "grid"))
        parts.append(text(x(mark), bottom + 16, f"{mark:g} s", "small dim middle"))
    for i, row in enumerate(rows):
        y = _TOP + (i + 0.5) * _PITCH
        parts.append(text(_LEFT - 12, y + 4, row.drill, "small end"))
        parts.append(line(_LEFT, y, _RIGHT, y, "grid"))
        if row.bound is not None:
            parts.append(line(x(row.bound), y - 9, x(row.bound), y + 9, "bound"))
        if row.median is not None:
            parts.append(line(x(row.median), y - 7, x(row.median), y + 7, "median"))
        for run in row.runs:
            gap = longest(run, "api")
            if gap is not None:
                tip = f"{run['started'][:19]}: {seconds(gap)}, {run['verdict']}"
                parts.append(circle(x(gap), y, 4, f"dot {run['verdict']}", tip))
    return svg(_WIDTH, bottom + 24, "Longest gap of every run, by drill", parts)
