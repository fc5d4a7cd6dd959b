"""The end of a run: what changed, and the steps that made up the time."""

from ashore.console.lines import Line, Piece
from ashore.console.words import Marks, outcome, seconds
from ashore.events import RunDone

_SHARE = 0.01
"""Steps of the critical path below this share of the total are summed up."""

_BAR = 20
"""Columns of the bar of the whole run."""


def summary(event: RunDone, marks: Marks) -> list[Line]:
    """The result in one line; if anything changed, the critical path with bars by time."""
    lines = [
        Line(
            (
                (f"{marks.done} ", "green"),
                (f"{event.verb} {event.stack}", "bold"),
                (f"  {outcome(event.changed, event.unchanged)}", ""),
            ),
            seconds(event.seconds),
        )
    ]
    if event.changed and event.critical_path:
        lines += [Line(()), Line((("critical path", "dim"),)), *_bars(event, marks)]
    return lines


def _bars(event: RunDone, marks: Marks) -> list[Line]:
    total = max(event.seconds, 1e-9)
    rows = [(title, took) for title, took in event.critical_path if took >= _SHARE * total]
    small = sum(took for _, took in event.critical_path) - sum(took for _, took in rows)
    if small >= 0.05:
        rows.append(("shorter steps", small))
    lines: list[Line] = []
    past = 0.0
    for title, took in rows:
        start = round(_BAR * past / total)
        past += took
        length = max(1, round(_BAR * past / total) - start)
        start = min(start, _BAR - length)
        bar: Piece = (" " * start + marks.bar * length + " " * (_BAR - start - length), "cyan")
        lines.append(Line((("  ", ""), (f"{seconds(took):>6}  ", ""), bar, (f"  {title}", ""))))
    return lines
