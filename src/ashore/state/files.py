"""Writing files that are either the old or the new one, never half of it."""

import contextlib
import os
from pathlib import Path


def make_directory(path: Path) -> None:
    """Make a directory, 0700, and missing parents; one that exists keeps its mode."""
    path.mkdir(mode=0o700, exist_ok=True, parents=True)


def write_atomic(path: Path, content: bytes, mode: int) -> None:
    """Write a file beside its place with the right mode from the start, then rename it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(
        beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        raise
