"""Waiting for a condition: always with a deadline, never without a last observation."""

import asyncio
import time
from collections.abc import Callable

from ashore.errors import AshoreError
from ashore.patience import patience


async def until(
    what: str, observe: Callable[[], str], *, timeout: float, interval: float = 0.02
) -> None:
    """Poll until `observe` has nothing to complain about.

    Args:
        what: what is waited for, for the error: "cp1 is off".
        observe: returns "" when the condition holds, else what it saw.
        timeout: seconds, longer by `patience`.
        interval: seconds between two looks.

    Raises:
        AshoreError: the deadline passed; the message carries the last observation.
    """
    timeout *= patience()
    deadline = time.monotonic() + timeout
    while seen := observe():
        if time.monotonic() > deadline:
            raise AshoreError(f"{what}: not within {timeout:.0f} s; last seen: {seen}")
        await asyncio.sleep(interval)
