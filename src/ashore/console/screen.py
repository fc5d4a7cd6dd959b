"""A region at the end of a terminal that is drawn over in place."""

import os
from collections.abc import Sequence
from typing import TextIO

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronised output: a terminal that knows it shows the whole picture at once."""

_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


class Screen:
    """Rows are written over the old ones and then cleared to their end, so nothing flickers."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._height = 0
        self._active = False

    def size(self) -> tuple[int, int]:
        """(columns, rows) of the terminal now."""
        try:
            found = os.get_terminal_size(self._out.fileno())
        except OSError:
            return 80, 24
        return max(20, found.columns), max(4, found.lines)

    def draw(self, rows: Sequence[str], above: Sequence[str] = ()) -> None:
        """Draw the region anew; `above` are rows that stay, before it."""
        parts = [_BEGIN, "" if self._active else _HIDE]
        self._active = True
        if self._height:
            parts.append(f"\x1b[{self._height}A")
        parts.append("\r")
        parts += [f"{row}\x1b[K\n" for row in (*above, *rows)]
        parts += ["\x1b[J", _END]
        self._height = len(rows)
        self._write("".join(parts))

    def leave(self) -> None:
        """What is drawn stays; the next output comes below it."""
        if self._active:
            self._active = False
            self._height = 0
            self._write(_SHOW)

    def text(self, text: str) -> None:
        """Print below, when no region is drawn."""
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
