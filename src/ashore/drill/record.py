"""The fault that is being made, written down before it is made.

If the program is killed in the middle of a drill, the next one finds here
what is broken and how to undo it.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ashore.state.files import make_directory, write_atomic

_FILE = "pending.json"


@dataclass(frozen=True, slots=True)
class Pending:
    """A fault that was not undone. `since` is ISO 8601 in UTC."""

    drill: str
    targets: Mapping[str, str]
    since: str

    def __str__(self) -> str:
        on = ", ".join(f"{k} {v}" for k, v in self.targets.items())
        return f"drill {self.drill}{f' on {on}' if on else ''}, begun {self.since}"


def write(directory: Path, drill: str, targets: Mapping[str, str]) -> None:
    """Write it down; it survives the death of the computer when this returns."""
    make_directory(directory)
    since = datetime.now(UTC).isoformat(timespec="seconds")
    record = {"drill": drill, "targets": dict(targets), "since": since}
    write_atomic(directory / _FILE, json.dumps(record).encode(), 0o600)
    _sync(directory)


def clear(directory: Path) -> None:
    """The fault is undone. No error if there is no record."""
    with contextlib.suppress(FileNotFoundError):
        (directory / _FILE).unlink()
        _sync(directory)


def pending(directory: Path) -> Pending | None:
    """The fault that was not undone, or None.

    Whoever asks holds the stack's lock, or a drill that is running is taken
    for one that died.
    """
    try:
        raw: dict[str, Any] = json.loads((directory / _FILE).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Pending(raw["drill"], raw["targets"], raw["since"])


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
