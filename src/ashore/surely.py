"""Work that must be done even if whoever does it is told to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def surely(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end whatever cancels this task meanwhile; the cancellation then goes on.

    Raises:
        CancelledError: this task was cancelled, and the work is done.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # the task keeps it, and it is raised below
            break
    task.result()
    if cancelled is not None:
        raise cancelled
