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
    status = await _status(connect, machine, remove)
    if status not in (_MOVES, _DONE):
        if status != _NEW:
            await tell(connect, machine, *remove, "stop")
        await tell(connect, machine, *remove, "start")
        status = await _status(connect, machine, remove)
    while status != _DONE:
        emit(Output("storage/volume", f"moving data from {', '.join(places)}: {status}"))
        if status != _MOVES or time.monotonic() > deadline:
            raise AshoreError(
                f"the data of {', '.join(places)} did not move away: {status}",
                f"`ashore exec {machine} -- gluster {' '.join(remove)} status` says more",
            )
        await asyncio.sleep(_LOOK_EVERY)
        status = await _status(connect, machine, remove)
    await tell(connect, machine, *remove, "commit")


async def _status(connect: Connect, machine: str, remove: tuple[str, ...]) -> str:
    """What Gluster calls it."""
    root = await answer(connect, machine, *remove, "status", refusal="remove-brick not started")
    said = root.findtext(".//aggregate/statusStr", _NEW)
    failures = root.findtext(".//aggregate/failures", "0")
    return said if failures == "0" else f"{said}, {failures} failures"
