"""What the service leaves behind: every reset, and every request that it refused."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ashore.state import jsonl

_REFUSED = 1 << 20  # bytes; then the file moves to `refused.jsonl.1`


@dataclass(frozen=True, slots=True)
class Entry:
    """A reset that began."""

    path: Path
    record: Mapping[str, Any]

    def done(self, status: int, why: str, seconds: float) -> None:
        """Write how it ended."""
        result = "done" if status < 300 else "failed"
        end: dict[str, Any] = {"result": result, "status": status, "seconds": round(seconds, 3)}
        _append(self.path, {**self.record, "at": _now(), **end} | ({"why": why} if why else {}))


class Log:
    """Two files of JSON lines.

    `resets.jsonl` has two lines for each reset, one before it begins, so that a
    service that is killed meanwhile leaves who asked. It is never cut: only
    right accounts write there. `refused.jsonl` is anybody's to fill, so it is
    bounded.
    """

    def __init__(self, directory: Path) -> None:
        self._resets = directory / "resets.jsonl"
        self._refused = directory / "refused.jsonl"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def reset(self, account: str, peer: str, machine: str, kind: str) -> Entry:
        """Write that a reset begins."""
        record = {"account": account, "peer": peer, "machine": machine, "type": kind}
        _append(self._resets, {**record, "at": _now(), "result": "started"})
        return Entry(self._resets, record)

    def refused(self, peer: str, why: str, **more: str | int) -> None:
        """Write that something was refused and had no effect."""
        try:
            if self._refused.stat().st_size > _REFUSED:
                self._refused.replace(self._refused.with_name("refused.jsonl.1"))
        except OSError:
            pass  # not there yet
        record = {"at": _now(), "peer": peer, "why": why, **more}
        _append(self._refused, {k: _plain(v) for k, v in record.items()})


def _append(path: Path, record: Mapping[str, Any]) -> None:
    """A full disk must not keep a machine from being fenced."""
    try:
        jsonl.append(path, record)
    except OSError as error:
        line = json.dumps(record)
        print(f"{path}: {error.strerror}: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _plain(value: str | int) -> str | int:
    """What strangers sent, so that no character of it ends a line or cannot be written."""
    return value.encode("ascii", "backslashreplace").decode() if isinstance(value, str) else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
