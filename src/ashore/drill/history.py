"""Results of drills, kept as one JSON document each."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from ashore.drill.audits.holders import holdings
from ashore.drill.engine import Marks, Outcome
from ashore.drill.fault import World
from ashore.drill.gaps import Sample, Span, gaps, summarise
from ashore.drill.measure import INTERVALS
from ashore.state.files import make_directory, write_atomic

SCHEMA = "ashore.drill/1"

_WORTH_KEEPING = 5
"""Intervals without a success from which on a gap is kept in the summary, if it is also noticed."""

_NOTICED = 0.1
"""Seconds; a shorter gap is the jitter of a busy computer."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document and the file that it came from."""

    path: Path
    document: dict[str, Any]


def document(outcome: Outcome, world: World) -> dict[str, Any]:
    """The result as JSON; every time is seconds from the beginning of the injection."""
    fault, marks, zero = outcome.fault, outcome.marks, outcome.marks.inject
    measured = outcome.measured
    ended = measured.look.ended if measured.look else marks.ended
    return {
        "schema": SCHEMA,
        "drill": fault.name,
        "title": fault.title,
        "does": fault.does.format(**outcome.targets),
        "expected": fault.expected.format(**outcome.targets),
        "targets": dict(outcome.targets),
        "stack": world.stack.name,
        "started": outcome.started.astimezone(UTC).isoformat(timespec="milliseconds"),
        "verdict": outcome.verdict,
        "checks": [asdict(check) for check in outcome.checks],
        "bounds": [asdict(bound) for bound in fault.bounds],
        "marks": _marks(marks),
        "probes": {name: _probe(name, measured.samples.get(name, []), marks) for name in INTERVALS},
        "holders": [
            {
                "machine": h.machine,
                "begun": _times(h.begun, zero),
                "ended": _times(h.ended, zero),
            }
            for h in holdings(measured.transitions, ended)
        ],
        "facts": dict(world.facts),
    }


def _marks(marks: Marks) -> dict[str, float]:
    return {k: round(v - marks.inject, 3) for k, v in asdict(marks).items() if v}


def _times(span: Span, zero: float) -> list[float]:
    return [round(span.start - zero, 4), round(span.end - zero, 4)]


def _probe(name: str, samples: Sequence[Sample], marks: Marks) -> dict[str, Any]:
    """The samples in columns, and the summary that the report shows."""
    interval, zero = INTERVALS[name], marks.inject
    found: dict[str, Any] = {"interval": interval, "samples": _columns(samples, zero)}
    if not samples:
        return found
    window = Span(marks.inject, marks.ended)
    seen = summarise(samples, window, interval)
    least = max(_NOTICED, _WORTH_KEEPING * interval)
    worth = [g for g in gaps(samples, window, interval) if g.most > least]
    found["summary"] = {
        "attempts": seen.attempts,
        "failed": seen.failed,
        "unsure": seen.unsure,
        "longest": round(seen.longest.least, 4),
        "longestAtMost": round(seen.longest_most.most, 4),
        "blind": round(seen.blind, 4),
        "median": round(seen.median, 5),
        "p99": round(seen.p99, 5),
        "gaps": [
            {
                "start": round(g.start - zero, 4),
                "end": round(g.end - zero, 4),
                "blind": round(g.blind, 4),
                "open": g.open,
            }
            for g in worth
        ],
        "connections": len({s.detail for s in samples if s.ok}) if name == "held" else None,
    }
    return found


def _columns(samples: Sequence[Sample], zero: float) -> dict[str, Any]:
    """Planned second, lateness and duration in ms of each attempt; outcomes of those that failed.

    A sample of the API probe takes about 18 bytes.
    """
    return {
        "planned": [round(s.planned - zero, 3) for s in samples],
        "late": [round((s.started - s.planned) * 1000, 1) for s in samples],
        "took": [round((s.ended - s.started) * 1000, 1) for s in samples],
        "failed": {str(i): s.outcome for i, s in enumerate(samples) if not s.ok},
    }


def keep(directory: Path, kept: dict[str, Any]) -> Path:
    """Write a document; returns its path. Names sort by time."""
    root = directory / "history"
    make_directory(root)
    when = datetime.fromisoformat(kept["started"])
    path = root / f"{when:%Y%m%dT%H%M%S.%f}-{kept['drill']}.json"
    write_atomic(path, json.dumps(kept, separators=(",", ":")).encode(), 0o600)
    return path


def load(directory: Path) -> list[Kept]:
    """Every document, oldest first. A file that is none, or of a later schema, is left out."""
    found = [(path, _read(path)) for path in sorted((directory / "history").glob("*.json"))]
    return [Kept(path, kept) for path, kept in found if kept is not None]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(raw, dict):
        return None
    kept = cast("dict[str, Any]", raw)
    whole = kept.get("schema") == SCHEMA and all(
        key in kept for key in ("drill", "verdict", "started", "marks", "probes", "checks")
    )
    return kept if whole else None
