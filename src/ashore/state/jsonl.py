"""Append-only files of one JSON object a line that survive the death of the writer."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

Record = Mapping[str, Any]


def append(path: Path, record: Record) -> None:
    """Add one line with a single write; when it returns, the kernel has it.

    No fsync: what a crash of the program must not lose is in the page cache;
    after a power cut the links, mounts and processes that a ledger names are
    gone by themselves.
    """
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, (_mend(descriptor) + line).encode())
    finally:
        os.close(descriptor)


def _mend(descriptor: int) -> str:
    """A newline if the last writer died in the middle of its line."""
    size = os.fstat(descriptor).st_size
    return "\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else ""


def read(path: Path) -> list[dict[str, Any]]:
    """Every whole record; lines cut off by a crash are left out. No file: nothing."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [record for line in text.splitlines() if (record := _parse(line)) is not None]


def _parse(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
