"""Events as plain lines, for logs and pipes: no colour, no cursor, seconds in front."""

import time
from typing import Self, TextIO

from ashore.console.words import count, name, seconds
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

OUTPUT_EVERY = 5.0
"""Seconds between two lines of progress of the same step."""


class Plain:
    """One line for each event that says something: steps in place are only counted."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._started = time.monotonic()
        self._shown: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __call__(self, event: Event) -> None:
        """An `Emit`."""
        match event:
            case RunStarted():
                self._started = time.monotonic()
                self._line(f"{event.verb} {event.stack}: {count(event.steps, 'step')}")
            case StepStarted():
                self._line(f"{self._name(event)} ({'; '.join(event.reasons)})")
            case StepDone(changed=True):
                self._line(f"{self._name(event)}: done in {seconds(event.seconds)}")
            case StepDone():
                pass
            case StepFailed():
                self._line(f"{self._name(event)}: FAILED after {seconds(event.seconds)}")
            case Output():
                self._output(event)
            case Note():
                self._line(("warning: " if event.level == "warning" else "") + event.line)
            case RunDone():
                self._summary(event)

    def _name(self, event: StepStarted | StepDone | StepFailed) -> str:
        return f"{event.layer:<14}  {name(event.machine, event.title)}"

    def _output(self, event: Output) -> None:
        now = time.monotonic()
        if now - self._shown.get(event.key, -OUTPUT_EVERY) >= OUTPUT_EVERY:
            self._shown[event.key] = now
            self._line(f"{event.key}: {event.line}")

    def _summary(self, event: RunDone) -> None:
        self._line(
            f"{event.verb} {event.stack}: done in {seconds(event.seconds)},"
            f" {event.changed} changed, {event.unchanged} in place"
        )
        if event.changed:
            for title, took in event.critical_path:
                if took >= 0.01 * event.seconds:
                    print(f"          {took:7.1f}s  {title}", file=self._out)
        self._out.flush()

    def _line(self, text: str) -> None:
        elapsed = time.monotonic() - self._started
        print(f"[{elapsed:7.1f}s] {text}", file=self._out, flush=True)
