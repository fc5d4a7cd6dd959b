"""Events as a live tree on a terminal."""

import asyncio
import time
from typing import Self, TextIO

from ashore.console.lines import Line, paint, render
from ashore.console.screen import Screen
from ashore.console.summary import summary
from ashore.console.tree import Tree
from ashore.console.words import Marks, coloured
from ashore.events import Event, Note, Output, RunDone, RunStarted

_TICK = 0.1
"""Seconds between two pictures; events in between are drawn together."""


class Terminal:
    """Draws from RunStarted to RunDone, or to the end of the `with` block; else prints lines.

    Outside of a run nothing is drawn, so that questions can be asked.
    """

    def __init__(self, out: TextIO) -> None:
        self._screen = Screen(out)
        self._marks = Marks(out)
        self._colour = coloured(out)
        self._tree: Tree | None = None
        self._started = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def __call__(self, event: Event) -> None:
        """An `Emit`."""
        match event:
            case RunStarted():
                self._start(event)
            case RunDone():
                self._stop()
                width, _ = self._screen.size()
                for line in summary(event, self._marks):
                    self._screen.text(self._row(line, width))
            case Note():
                style = "yellow" if event.level == "warning" else ""
                self._say(paint(event.line, style, colour=self._colour))
            case Output() if self._tree is None:
                self._say(paint(event.line, "dim", colour=self._colour))
            case _ if self._tree is not None:
                self._tree.take(event)
            case _:
                pass

    def _start(self, event: RunStarted) -> None:
        self._stop()
        self._started = time.monotonic()
        self._tree = Tree(event, self._marks)
        self._tick()

    def _tick(self) -> None:
        self._draw()
        self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def _draw(self, *above: str) -> None:
        if self._tree is not None:
            width, height = self._screen.size()
            lines = self._tree.lines(time.monotonic() - self._started, height - 1)
            self._screen.draw([self._row(line, width) for line in lines], above)

    def _row(self, line: Line, width: int) -> str:
        return render(line, width, colour=self._colour, more=self._marks.more)

    def _say(self, text: str) -> None:
        if self._tree is not None:
            self._draw(*text.splitlines())
        else:
            self._screen.text(text)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._tree is not None:
            self._draw()
            self._screen.leave()
            if stopped := self._tree.interrupted():
                self._screen.text(self._row(stopped, self._screen.size()[0]))
        self._tree, self._timer = None, None
