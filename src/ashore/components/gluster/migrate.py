"""Taking bricks out of the volume after their data has moved to the others."""

import asyncio
import time

from ashore.components.gluster.cli import answer, tell
from ashore.errors import AshoreError
from ashore.events import Emit, Output
from ashore.model.types import Storage
from ashore.transport.base import Connect

_SECONDS = 6 * 3600.0
"""For the data to move; `up` can be interrupted and goes on where the move then is."""

_LOOK_EVERY = 2.0

_PASSES = 4
"""Passes over the data, until one has no failure.

Two machines may take the same file; the slower one then counts a failure. A
further pass proves that nothing was left behind.
"""

_NEW, _MOVES, _DONE = "not started", "in progress", "completed"


async def remove_bricks(
    connect: Connect, machine: str, storage: Storage, places: list[str], emit: Emit
) -> None:
    """Move the data away from whole groups of bricks, then drop them.

    Raises:
        AshoreError: Gluster refuses, files could not be moved, or the time is over.
    """
    remove = ("volume", "remove-brick", storage.volume, *places)
    deadline = time.monotonic() + _SECONDS
    status, failures = await _status(connect, machine, remove)
    for _ in range(_PASSES):
        if status != _MOVES and (status, failures) != (_DONE, 0):
            if status != _NEW:
                await tell(connect, machine, *remove, "stop")
            await tell(connect, machine, *remove, "start")
            status, failures = await _status(connect, machine, remove)
        while status == _MOVES and time.monotonic() < deadline:
            emit(Output("storage/volume", f"moving data from {', '.join(places)}: {status}"))
            await asyncio.sleep(_LOOK_EVERY)
            status, failures = await _status(connect, machine, remove)
        if (status, failures) == (_DONE, 0):
            await tell(connect, machine, *remove, "commit")
            return
    raise AshoreError(
        f"the data of {', '.join(places)} did not move away: {status}, {failures} failures",
        f"`ashore exec {machine} -- gluster {' '.join(remove)} status` says more",
    )


async def _status(connect: Connect, machine: str, remove: tuple[str, ...]) -> tuple[str, int]:
    """What Gluster calls it, and how many files it could not move."""
    root = await answer(connect, machine, *remove, "status", refusal="remove-brick not started")
    said = root.findtext(".//aggregate/statusStr", _NEW)
    return said, int(root.findtext(".//aggregate/failures", "0"))
