"""How far something is that moves bytes: a bar on a terminal, a line now and then elsewhere."""

import time
from types import TracebackType
from typing import Self, TextIO

from ashore.console.words import seconds

_MIB = 2**20
_BAR = 24
_TICK = 0.1
"""Seconds between two pictures on a terminal."""

_LINE_EVERY = 5.0
"""Seconds between two lines elsewhere."""


class Progress:
    """Call it with what is being done, the bytes that are done, and all of them."""

    def __init__(self, out: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._quiet = quiet
        self._terminal = out.isatty()
        self._started = self._shown = time.monotonic()
        self._open = False
        self._last = ("", 0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._last[0]:
            self._show()
        if self._open:
            self._out.write("\n")
            self._out.flush()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._last[0]:
            self._started = self._shown = now
        self._last = (what, done, total)
        if now - self._shown >= (_TICK if self._terminal else _LINE_EVERY):
            self._shown = now
            self._show()

    def _show(self) -> None:
        if self._quiet:
            return
        text = line(*self._last, time.monotonic() - self._started)
        self._out.write(f"\r{text}\x1b[K" if self._terminal else f"{text}\n")
        self._out.flush()
        self._open = self._terminal


def line(what: str, done: int, total: int, elapsed: float) -> str:
    """`push web:1  [####    ]  12 of 24 MiB, 48 MiB/s, 0.3s`."""
    share = min(done / total, 1.0) if total else 1.0
    bar = "#" * round(share * _BAR)
    rate = f"{done / _MIB / elapsed:.0f} MiB/s" if elapsed > 0 else "0 MiB/s"
    size = f"{done / _MIB:.0f} of {total / _MIB:.0f} MiB"
    return f"{what}  [{bar:<{_BAR}}]  {size}, {rate}, {seconds(elapsed)}"
