"""The steps of a run and what each waits for. A wrong graph is a bug, not a user's error."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ashore.plan.step import LAYERS, Step


class GraphError(AssertionError):
    """The steps do not form a graph: the program that made them is wrong."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Validated steps.

    Attributes:
        steps: by key, every step after all that it needs; steps that do not
            depend on each other keep the order in which they were given.
        dependents: key -> keys of the steps that need it directly.
    """

    steps: Mapping[str, Step]
    dependents: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "Graph":
        """Validate and order.

        Raises:
            GraphError: duplicate keys, needs that are not there, unknown
                layers (all of them at once), or a cycle.
        """
        given = list(steps)
        by_key = {step.key: step for step in given}
        problems = [
            *_duplicates(given),
            *(
                f"{step.key} needs {need}, which is not a step"
                for step in given
                for need in step.needs
                if need not in by_key
            ),
            *(
                f"{step.key} is in the unknown layer {step.layer!r}"
                for step in given
                if step.layer not in LAYERS
            ),
        ]
        if problems:
            raise GraphError("; ".join(problems))
        ordered = _order(by_key)
        return cls(
            {key: by_key[key] for key in ordered},
            {key: tuple(k for k in ordered if key in by_key[k].needs) for key in ordered},
        )

    def layers(self) -> tuple[tuple[str, int], ...]:
        """(layer, number of its steps) of every layer that has some, in their order."""
        sizes = Counter(step.layer for step in self.steps.values())
        return tuple((layer, sizes[layer]) for layer in LAYERS if layer in sizes)

    def subgraph(self, keys: Iterable[str]) -> "Graph":
        """The named steps and everything that they need, directly or not."""
        wanted: set[str] = set()
        todo = list(keys)
        while todo:
            key = todo.pop()
            if key not in self.steps:
                raise GraphError(f"{key} is not a step")
            if key not in wanted:
                wanted.add(key)
                todo.extend(self.steps[key].needs)
        return Graph.of(step for key, step in self.steps.items() if key in wanted)


def _duplicates(steps: list[Step]) -> list[str]:
    seen: dict[str, str] = {}
    problems: list[str] = []
    for step in steps:
        if step.key in seen:
            problems.append(f"two steps are called {step.key}: {seen[step.key]!r}, {step.title!r}")
        seen[step.key] = step.title
    return problems


def _order(by_key: Mapping[str, Step]) -> list[str]:
    """Topological order that is stable in the order of `by_key`."""
    sorter = TopologicalSorter({key: step.needs for key, step in by_key.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        raise GraphError("steps need each other: " + " -> ".join(cycle)) from error
    place = {key: index for index, key in enumerate(by_key)}
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        ordered.extend(ready)
        sorter.done(*ready)
    return ordered
