"""Files on this computer."""

import os
from collections.abc import Iterable
from pathlib import Path

from ashore.errors import AshoreError
from ashore.host import mounts
from ashore.host.run import run


def write(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Write a whole file atomically; parent directories are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
    temporary.replace(path)


def make_directory(path: Path) -> None:
    """Make a directory and its parents; no error if it is there."""
    path.mkdir(parents=True, exist_ok=True)


async def remove(directories: Iterable[Path]) -> None:
    """Delete directory trees, never through a mount.

    Raises:
        AshoreError: something is mounted below one of them; nothing was deleted.
    """
    there = [d for d in directories if d.exists()]
    for directory in there:
        if mounted := mounts.below(directory):
            raise AshoreError(f"{directory}: not deleted, {mounted[0]} is still mounted")
    if there:
        await run(["rm", "-rf", "--one-file-system", "--", *map(str, there)], timeout=120)
