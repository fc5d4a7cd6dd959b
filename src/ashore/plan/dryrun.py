"""What `up` would do: every step is asked, nothing is changed."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from ashore.errors import AshoreError
from ashore.plan.critical import name_of
from ashore.plan.graph import Graph
from ashore.plan.runner import ASKING
from ashore.plan.step import Step
from ashore.transport.base import MachineDown


@dataclass(frozen=True, slots=True)
class Change:
    """A step that `up` would apply, and why. The fields are those of `plan -o json`."""

    key: str
    machine: str | None
    title: str
    layer: str
    reasons: tuple[str, ...]


async def plan(steps: Iterable[Step]) -> list[Change]:
    """Ask every step for its differences, side by side; the changes in the order of the graph.

    A step on a machine that is down, or one that cannot be asked because
    something that it needs will change first, is a change with that reason.

    Raises:
        AshoreError: a step could not be asked although all that it needs is in place.
    """
    graph = Graph.of(steps)
    asking = asyncio.Semaphore(ASKING)
    async with asyncio.TaskGroup() as group:
        tasks = {
            key: group.create_task(_ask(step, asking), name=key)
            for key, step in graph.steps.items()
        }
    changes: dict[str, Change] = {}
    cause: dict[str, str] = {}  # key -> the first step before it, or itself, that will change
    for key, step in graph.steps.items():
        before = next((cause[need] for need in step.needs if need in cause), None)
        answer = tasks[key].result()
        reasons = _reasons(step, answer, graph.steps[before] if before else None)
        if reasons:
            changes[key] = Change(key, step.machine, step.title, step.layer, reasons)
        if before or reasons:
            cause[key] = key if reasons else before or key
    return list(changes.values())


async def _ask(step: Step, asking: asyncio.Semaphore) -> list[str] | Exception:
    try:
        async with asking:
            return await step.drift()
    except Exception as error:
        return error


def _reasons(step: Step, answer: list[str] | Exception, before: Step | None) -> tuple[str, ...]:
    if isinstance(answer, list):
        return tuple(answer)
    if not isinstance(answer, AshoreError):
        raise answer
    if before is not None:
        return (f"after: {name_of(before)}",)
    if isinstance(answer, MachineDown):
        return (answer.message,)
    raise AshoreError(
        f"{name_of(step)}: cannot be asked ({step.key})\n{answer.message}", answer.hint
    ) from answer
