"""How seconds, names and marks are written, the same everywhere."""

import os
from typing import TextIO


def seconds(value: float) -> str:
    """A duration: tenths below a minute, then minutes, then hours."""
    if value < 59.95:
        return f"{value:.1f}s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def name(machine: str | None, title: str) -> str:
    """A step for users: where, then what."""
    return f"{machine}: {title}" if machine else title


def count(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def outcome(changed: int, unchanged: int, failed: int = 0) -> str:
    """`3 changed, 5 in place`, without what is none."""
    parts = ((changed, "changed"), (unchanged, "in place"), (failed, "failed"))
    return ", ".join(f"{number} {word}" for number, word in parts if number)


def coloured(out: TextIO) -> bool:
    """Whether to use colour: a terminal that is not dumb, and no NO_COLOR (no-color.org)."""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Marks:
    """Signs that the stream can show; letters where its encoding cannot."""

    def __init__(self, out: TextIO) -> None:
        if _can(out, "✓✗•…━─⠋"):
            self.done, self.failed, self.waiting, self.more = "✓", "✗", "·", "…"
            self.bar, self.rail, self.spinner = "━", "─", "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
        else:
            self.done, self.failed, self.waiting, self.more = "+", "x", ".", "..."
            self.bar, self.rail, self.spinner = "#", "-", "|/-\\"


def _can(out: TextIO, text: str) -> bool:
    try:
        text.encode(out.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
