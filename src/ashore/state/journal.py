"""What ran on a stack, when, and how it ended; `ashore logs` lists it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from ashore.state import jsonl

_LIMIT = 1 << 20
"""Bytes after which a new run starts a new file; one old file is kept."""


class Result(StrEnum):
    """How far a step came. A `started` without a later result was killed."""

    STARTED = "started"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal.

    Attributes:
        at: when it was written, ISO 8601 in UTC.
        run: the run's id.
        seconds: since the step began.
        log: path of the step's log; empty if it wrote none.
    """

    at: str
    run: str
    step: str
    result: Result
    seconds: float
    message: str = ""
    log: str = ""


class Journal:
    """The journal of one run; earlier runs stay in the same file."""

    def __init__(self, path: Path, run: str) -> None:
        self.path = path
        self.run = run
        if path.exists() and path.stat().st_size > _LIMIT:
            path.replace(path.with_name(path.name + ".old"))

    def write(
        self, step: str, result: Result, seconds: float, *, message: str = "", log: str = ""
    ) -> None:
        """Append one line about a step."""
        record: dict[str, str | float] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "run": self.run,
            "step": step,
            "result": result,
            "seconds": round(seconds, 3),
        }
        if message:
            record["message"] = message
        if log:
            record["log"] = log
        jsonl.append(self.path, record)


def entries(path: Path) -> list[Entry]:
    """Every entry that can be read, oldest first."""
    found: list[Entry] = []
    for record in jsonl.read(path):
        try:
            result = Result(record.pop("result"))
            found.append(Entry(result=result, **record))
        except (KeyError, TypeError, ValueError):
            continue  # written by another version
    return found


def last_run(path: Path) -> list[Entry]:
    """The last entry of each step of the newest run, in the order in which the steps began."""
    found = entries(path)
    newest: dict[str, Entry] = {}
    for entry in found:
        if entry.run == found[-1].run:
            newest[entry.step] = entry
    return list(newest.values())
