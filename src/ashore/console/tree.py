"""A run as a tree: layers, and below each what is running or has failed. Pure."""

from dataclasses import dataclass, field

from ashore.console.lines import Line, Piece
from ashore.console.words import Marks, count, name, outcome, seconds
from ashore.events import Event, Output, RunStarted, StepDone, StepFailed, StepStarted

_FRAME = 0.1
"""Seconds that a picture of the spinner stays."""

_ROWS = 2
"""Running steps of a layer that layers with nothing to show make room for."""

_BAR = 24
"""Columns of the progress bar."""


@dataclass(slots=True)
class _Layer:
    name: str
    total: int = 0
    changed: int = 0
    unchanged: int = 0
    running: dict[str, StepStarted] = field(default_factory=dict[str, StepStarted])
    failed: list[StepFailed] = field(default_factory=list[StepFailed])
    began: float | None = None
    ended: float = 0.0

    @property
    def done(self) -> int:
        return self.changed + self.unchanged

    @property
    def complete(self) -> bool:
        return self.done >= self.total and not self.running and not self.failed


class Tree:
    """Takes events in and gives lines out. `now` is seconds since the start of the run."""

    def __init__(self, start: RunStarted, marks: Marks) -> None:
        self._title = f"{start.verb} {start.stack}"
        self._total = start.steps
        self._marks = marks
        self._layers = {layer: _Layer(layer, total) for layer, total in start.layers}
        self._label = max((len(layer) for layer in self._layers), default=0) + 2
        self._output: dict[str, str] = {}

    def take(self, event: Event) -> None:
        """Remember what an event says."""
        match event:
            case StepStarted():
                layer = self._layer(event.layer)
                layer.running[event.key] = event
                layer.began = event.at if layer.began is None else layer.began
            case StepDone():
                layer = self._layer(event.layer)
                layer.running.pop(event.key, None)
                layer.changed += event.changed
                layer.unchanged += not event.changed
                layer.ended = event.at
            case StepFailed():
                layer = self._layer(event.layer)
                layer.running.pop(event.key, None)
                layer.failed.append(event)
                layer.ended = event.at
            case Output():
                self._output[event.key] = event.line
            case _:
                pass

    def _layer(self, layer: str) -> _Layer:
        return self._layers.setdefault(layer, _Layer(layer))

    def lines(self, now: float, height: int) -> list[Line]:
        """The tree in at most `height` lines; what runs and what failed comes first."""
        layers = self._fitting(height)
        groups = [group for layer in layers for group in _groups(layer)]
        room = height - 1 - len(layers) - sum(len(layer.failed) for layer in layers)
        shown = groups if len(groups) <= room else groups[: max(0, room - 1)]
        lines = [self._head(now)]
        for layer in layers:
            lines.append(self._layer_line(layer, now))
            lines += [self._running(group, now) for group in _groups(layer) if group in shown]
            lines += [self._failed(step) for step in layer.failed]
        if rest := sum(len(group) for group in groups[len(shown) :]):
            lines.append(Line(((f"    {self._marks.more} {rest} more running", "dim"),)))
        return lines[:height]

    def _fitting(self, height: int) -> list[_Layer]:
        """All layers; if that leaves too little, those that began; else those at work."""
        every = list(self._layers.values())
        busy = [layer for layer in every if layer.running or layer.failed]
        began = [layer for layer in every if layer.done or layer in busy]
        rows = sum(len(layer.failed) + min(_ROWS, len(_groups(layer))) for layer in busy)
        for layers in (every, began):
            if 1 + len(layers) + rows <= height:
                return layers
        return busy

    def _head(self, now: float) -> Line:
        done = sum(layer.done for layer in self._layers.values())
        filled = _BAR * done // max(1, self._total)
        return Line(
            (
                (self._title, "bold"),
                ("  ", ""),
                (self._marks.bar * filled, "green"),
                (self._marks.rail * (_BAR - filled), "dim"),
                (f"  {done}/{self._total}", ""),
            ),
            seconds(now),
        )

    def _layer_line(self, layer: _Layer, now: float) -> Line:
        label = f"{layer.name:<{self._label}}"
        if layer.failed:
            return Line(((f"  {self._marks.failed} {label}", "red"), self._counts(layer)))
        if layer.complete:
            took = seconds(layer.ended - layer.began) if layer.began is not None else ""
            mark = (f"  {self._marks.done} ", "green")
            return Line((mark, (label, ""), self._counts(layer)), took)
        if not layer.running and not layer.done:
            return Line(((f"  {self._marks.waiting} {label}", "dim"),))
        mark = (f"  {self._spin(now)} ", "cyan")
        return Line((mark, (label, ""), (f"{layer.done} of {layer.total}", "dim")))

    def _counts(self, layer: _Layer) -> Piece:
        return (outcome(layer.changed, layer.unchanged, len(layer.failed)), "dim")

    def _running(self, group: list[StepStarted], now: float) -> Line:
        pieces: list[Piece] = [(f"    {self._spin(now)} ", "cyan"), (group[0].title, "")]
        if machines := " ".join(step.machine for step in group if step.machine):
            pieces.append((f"  {machines}", "cyan"))
        if line := next((self._output[s.key] for s in group if s.key in self._output), ""):
            pieces.append((f"  {line}", "dim"))
        return Line(tuple(pieces), seconds(max(0.0, now - group[0].at)))

    def _failed(self, step: StepFailed) -> Line:
        text = f"    {self._marks.failed} {name(step.machine, step.title)}"
        cause = step.message.splitlines()[0] if step.message else ""
        return Line(((text, "red"), (f"  {cause}", "dim")), seconds(step.seconds))

    def _spin(self, now: float) -> str:
        pictures = self._marks.spinner
        return pictures[int(now / _FRAME) % len(pictures)]

    def interrupted(self) -> Line | None:
        """What was still running when the run ended without an end of its own."""
        running = [s for layer in self._layers.values() for s in layer.running.values()]
        if not running:
            return None
        keys = ", ".join(step.key for step in running)
        return Line(((f"stopped {count(len(running), 'step')}: {keys}", "yellow"),))


def _groups(layer: _Layer) -> list[list[StepStarted]]:
    """Running steps; those that do the same on several machines together, the oldest first."""
    groups: dict[str, list[StepStarted]] = {}
    for step in layer.running.values():
        groups.setdefault(step.title, []).append(step)
    return list(groups.values())
