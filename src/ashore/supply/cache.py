"""The cache: directories named by the digest of the recipe that made them.

An entry is made in `<digest>.partial` beside its place under a lock, and
renamed when it is complete: what has its final name is whole.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from ashore.errors import AshoreError
from ashore.events import Emit, Output
from ashore.host.run import run
from ashore.surely import surely

# An entry can take a cold build of everything to appear (about 15 minutes on
# two cores); another run that waits for it should outlast that.
_LOCK_SECONDS = 2400.0


def digest(recipe: object) -> str:
    """16 hexadecimal digits of SHA-256 over a recipe of plain JSON values."""
    text = json.dumps(recipe, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


async def remove_tree(path: Path) -> None:
    """Delete a directory, however large, without leaving its file system."""
    await run(["rm", "-rf", "--one-file-system", str(path)], timeout=300)


@asynccontextmanager
async def making(place: Path, step: str, emit: Emit) -> AsyncGenerator[Path | None]:
    """Make an entry: yields the scratch directory to fill, renamed at the end.

    Yields None when the entry is already there (another run made it while
    this one waited for the lock). A scratch directory that a killed run left
    is deleted first; a failure deletes it too.

    Args:
        place: `<cache>/<kind>/<digest>`.
        step: the key of the step that this is shown under.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(
        place.with_name(f"{place.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644
    )
    try:
        await _acquire(lock, place, step, emit)
        if place.is_dir():
            yield None
            return
        scratch = place.with_name(f"{place.name}.partial")
        if scratch.exists():
            await remove_tree(scratch)
        scratch.mkdir()
        try:
            yield scratch
            scratch.rename(place)
        finally:
            if scratch.exists():
                await surely(remove_tree(scratch))
    finally:
        os.close(lock)


async def _acquire(lock: int, place: Path, step: str, emit: Emit) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise AshoreError(
                    f"another run has been making {place} for {_LOCK_SECONDS / 60:.0f} minutes",
                    "look for another `ashore up` on this host",
                ) from None
            if not told:
                emit(Output(step, f"another run is making {place}: waiting for it"))
                told = True
            await asyncio.sleep(0.1)
        else:
            return
