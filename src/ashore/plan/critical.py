"""The critical path of a run that happened: the steps that made up its total."""

from collections.abc import Mapping
from dataclasses import dataclass

from ashore.plan.graph import Graph
from ashore.plan.step import Step

WAITING = "waiting for a free slot"

_GAP = 0.05
"""Seconds; a shorter gap between two steps is the event loop's, not worth a row."""


@dataclass(frozen=True, slots=True)
class Span:
    """When a step ran: seconds since the start of the run."""

    start: float
    end: float


def name_of(step: Step) -> str:
    """How a step is called to users: the machine, then what is done there."""
    return f"{step.machine}: {step.title}" if step.machine else step.title


def critical_path(graph: Graph, spans: Mapping[str, Span]) -> tuple[tuple[str, float], ...]:
    """(name, seconds) of the chain that ended last, in order of time.

    From the step that ended last backwards, always to the need that ended
    last. A gap between a step and the need before it is a row of its own, so
    that the seconds add up to the end of the last step.
    """
    rows: list[tuple[str, float]] = []
    key = max(spans, key=lambda k: spans[k].end, default=None)
    while key is not None:
        step, span = graph.steps[key], spans[key]
        key = max(
            (need for need in step.needs if need in spans),
            key=lambda need: spans[need].end,
            default=None,
        )
        ready = spans[key].end if key is not None else 0.0
        gap = span.start - ready
        if gap > _GAP:
            rows += [(name_of(step), span.end - span.start), (WAITING, gap)]
        else:
            rows.append((name_of(step), span.end - ready))
    return tuple(reversed(rows))
