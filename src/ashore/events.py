"""What happens while the program works, as frozen records.

Everything that shows progress (terminal, plain lines, JSON, the log) renders
these and nothing else. Times are seconds of `time.monotonic` since the start
of the run.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A verb begins on a stack.

    Attributes:
        steps: number of steps in the graph.
        layers: (layer, number of its steps), in the order in which they are shown.
    """

    verb: str
    stack: str
    steps: int
    layers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step found a difference (`reasons`) and begins to apply."""

    key: str
    title: str
    layer: str
    machine: str | None
    at: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step ended in the state it describes; `changed` is False if it already was."""

    key: str
    title: str
    layer: str
    machine: str | None
    at: float
    seconds: float
    changed: bool


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed; `log` is the path of its own log."""

    key: str
    title: str
    layer: str
    machine: str | None
    at: float
    seconds: float
    message: str
    hint: str
    log: str


@dataclass(frozen=True, slots=True)
class Output:
    """One line that a step wants shown (progress of a download, a warning)."""

    key: str
    line: str


@dataclass(frozen=True, slots=True)
class Note:
    """A line to the user that belongs to no step; `level` is info or warning."""

    line: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class RunDone:
    """The end of a run: how many steps changed something, and the critical path.

    `critical_path` holds (step title with machine, seconds), in order.
    """

    verb: str
    stack: str
    seconds: float
    changed: int
    unchanged: int
    critical_path: tuple[tuple[str, float], ...] = ()


Event = RunStarted | StepStarted | StepDone | StepFailed | Output | Note | RunDone
Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """An `Emit` for callers that show nothing."""
