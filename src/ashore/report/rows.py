"""What the runs of each drill have in common."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

PROBE = "shared"
"""Of writes to the shared volume: drills that have a bound for it are about storage."""

VERDICTS = ("pass", "unknown", "fail")


@dataclass(frozen=True, slots=True)
class Row:
    """All runs of one drill, oldest first.

    Attributes:
        gaps: the longest gap in each run that measured it, seconds, of what the drill is about:
            writes to the shared volume, or new connections to the API.
        bound: what it may be at most, or None.
        figures: what the checks of the drill measured beside it, seconds of each run.
    """

    drill: str
    title: str
    runs: tuple[Document, ...]
    gaps: tuple[float, ...]
    bound: float | None
    figures: tuple[tuple[str, tuple[float, ...]], ...] = ()

    @property
    def median(self) -> float | None:
        return statistics.median(self.gaps) if self.gaps else None

    @property
    def worst(self) -> float | None:
        return max(self.gaps, default=None)

    def count(self, verdict: str) -> int:
        return sum(run["verdict"] == verdict for run in self.runs)

    @property
    def verdict(self) -> str:
        """The worst of all runs: one failure among many passes is a failure."""
        return next(v for v in reversed(VERDICTS) if self.count(v) or v == "pass")


def rows(documents: Sequence[Document]) -> list[Row]:
    """A row for each drill, in the order in which they first ran."""
    by_drill: dict[str, list[Document]] = {}
    for document in documents:
        by_drill.setdefault(document["drill"], []).append(document)
    return [_row(name, runs) for name, runs in by_drill.items()]


def _row(name: str, runs: list[Document]) -> Row:
    bounds = {b["probe"]: b["gap"] for b in runs[-1].get("bounds", ())}
    probe = PROBE if PROBE in bounds else "api"
    gaps = [gap for run in runs if (gap := longest(run, probe)) is not None]
    title = runs[-1].get("title", name)
    return Row(name, title, tuple(runs), tuple(gaps), bounds.get(probe), _figures(runs))


def _figures(runs: Sequence[Document]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Each check that has a figure, with those of all runs in their order."""
    found: dict[str, list[float]] = {}
    for run in runs:
        for check in run["checks"]:
            if (figure := check.get("seconds")) is not None:
                found.setdefault(check["what"], []).append(float(figure))
    return tuple((what, tuple(figures)) for what, figures in found.items())


def longest(document: Document, probe: str) -> float | None:
    """The longest gap of a probe in seconds, as far as it is certain; None without samples."""
    summary = document["probes"].get(probe, {}).get("summary")
    return None if summary is None else float(summary["longest"])


def summary(documents: Sequence[Document]) -> dict[str, Any]:
    """The table of the report as JSON."""
    return {
        "schema": "ashore.drill.report/1",
        "drills": [
            {
                "name": row.drill,
                "title": row.title,
                "runs": len(row.runs),
                "verdicts": {v: row.count(v) for v in VERDICTS},
                "verdict": row.verdict,
                "gap": {"median": row.median, "worst": row.worst, "bound": row.bound},
                "figures": {
                    what: {"median": statistics.median(figures), "worst": max(figures)}
                    for what, figures in row.figures
                },
            }
            for row in rows(documents)
        ],
    }
