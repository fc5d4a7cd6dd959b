"""Columns of text for results on stdout."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TextIO

from ashore.console.lines import Piece, paint
from ashore.console.words import Marks, coloured

_NARROW = 24
"""Columns below which the last cell gets a row of its own."""

_UNLIMITED = 10_000
"""Columns of a pipe: whoever reads it wants whole lines."""


@dataclass(frozen=True, slots=True)
class View:
    """What the stream can show."""

    width: int
    colour: bool
    marks: Marks

    @classmethod
    def of(cls, out: TextIO) -> Self:
        """The view of a stream."""
        width = shutil.get_terminal_size().columns if out.isatty() else _UNLIMITED
        return cls(width, coloured(out), Marks(out))

    def paint(self, text: str, style: str) -> str:
        """Text in a style, if there are colours."""
        return paint(text, style, colour=self.colour)


def stdout() -> View:
    """The view of standard output."""
    return View.of(sys.stdout)


def columns(rows: Sequence[Sequence[Piece]], view: View, header: Sequence[str] = ()) -> list[str]:
    """Rows of equally many cells, aligned; the last cell wraps to what the others leave."""
    if not rows:
        return []
    titles: list[Piece] = [(title, "dim") for title in header]
    every = [titles, *rows] if titles else rows
    widths = [max(len(row[i][0]) for row in every) for i in range(len(rows[0]) - 1)]
    indent = sum(widths) + 2 * len(widths)
    below = view.width - indent < _NARROW
    lines: list[str] = []
    for row in every:
        cells = [
            view.paint(text.ljust(width), style)
            for (text, style), width in zip(row, widths, strict=False)
        ]
        text, style = row[-1]
        where = 4 if below else indent
        wrapped = textwrap.wrap(text, max(_NARROW, view.width - where), break_on_hyphens=False)
        if not below and wrapped:
            cells.append(view.paint(wrapped.pop(0), style))
        lines.append("  ".join(cells).rstrip())
        if row is not titles:
            lines += [" " * where + view.paint(piece, style) for piece in wrapped]
    return lines
