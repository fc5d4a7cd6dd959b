import asyncio

import pytest

from ashore.errors import AshoreError
from ashore.surely import surely


async def test_a_cancelled_task_waits_for_the_work_and_is_cancelled_then() -> None:
    go, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    task = asyncio.create_task(surely(work()))
    for _ in range(3):  # as often as somebody presses Ctrl-C
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_what_the_work_raises() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise AshoreError("broken")

    with pytest.raises(AshoreError, match="broken"):
        await surely(work())
