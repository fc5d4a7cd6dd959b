"""Events as plain lines, for logs and pipes: no colour, no cursor, seconds in front."""

import asyncio
import time
from typing import Self, TextIO

from ashore.console.words import count, name, outcome, seconds
from ashore.events import (
    Event,
    Note,
    Output,
    RunDone,
    RunStarted,
    StepDone,
    StepFailed,
    StepStarted,
)

QUIET = 10.0
"""Seconds without a line after which the steps that run are named."""

_OUTPUT_EVERY = 5.0
"""Seconds between two lines of progress of the same step."""


class Plain:
    """A line for each step that changed something; steps in place are only counted."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._started = self._spoke = time.monotonic()
        self._running: dict[str, StepStarted] = {}
        self._shown: dict[str, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def __call__(self, event: Event) -> None:
        """An `Emit`."""
        match event:
            case RunStarted():
                self._started = time.monotonic()
                self._line(f"{event.verb} {event.stack}: {count(event.steps, 'step')}")
                self._watch()
            case StepStarted():
                self._running[event.key] = event
            case StepDone() | StepFailed():
                self._ended(event)
            case Output():
                self._output(event)
            case Note():
                prefix = "warning: " if event.level == "warning" else ""
                for line in filter(None, event.line.splitlines()):
                    self._line(prefix + line)
            case RunDone():
                self._stop()
                self._summary(event)

    def _ended(self, event: StepDone | StepFailed) -> None:
        self._running.pop(event.key, None)
        step = f"{event.layer:<14}  {name(event.machine, event.title)}"
        if isinstance(event, StepFailed):
            self._line(f"{step}  FAILED after {seconds(event.seconds)}")
        elif event.changed:
            self._line(f"{step}  {seconds(event.seconds)}")

    def _watch(self) -> None:
        """Say what is running if nothing was said for long, so that a log shows where it is."""
        if self._running and time.monotonic() - self._spoke >= QUIET:
            self._line("running: " + ", ".join(self._running))
        self._timer = asyncio.get_running_loop().call_later(1.0, self._watch)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _output(self, event: Output) -> None:
        now = time.monotonic()
        if now - self._shown.get(event.key, -_OUTPUT_EVERY) >= _OUTPUT_EVERY:
            self._shown[event.key] = now
            self._line(f"{event.key}: {event.line}")

    def _summary(self, event: RunDone) -> None:
        what = outcome(event.changed, event.unchanged)
        took = f"done in {seconds(event.seconds)}"
        self._line(f"{event.verb} {event.stack}: " + ", ".join(filter(None, (took, what))))
        if event.changed:
            self._line("critical path:")
            for title, took in event.critical_path:
                if took >= 0.01 * event.seconds:
                    self._line(f"  {took:7.1f}s  {title}")

    def _line(self, text: str) -> None:
        self._spoke = time.monotonic()
        print(f"[{self._spoke - self._started:7.1f}s] {text}", file=self._out, flush=True)
