import asyncio

import pytest

from ashore.errors import AshoreError
from ashore.together import together


async def after(seconds: float, value: int) -> int:
    await asyncio.sleep(seconds)
    return value


async def fail() -> int:
    await asyncio.sleep(0)
    raise AshoreError("broken")


async def test_results_in_the_order_of_the_arguments() -> None:
    assert await together(after(0.01, 1), after(0, 2)) == (1, 2)
    assert await together() == ()


async def test_an_error_ends_the_rest_before_it_is_raised() -> None:
    ended: list[str] = []

    async def long() -> int:
        try:
            return await after(3600, 0)
        finally:
            ended.append("long")

    with pytest.raises(AshoreError, match="broken"):
        await together(long(), fail())
    assert ended == ["long"]


async def test_cancelled_with_whoever_waits() -> None:
    task = asyncio.create_task(together(after(3600, 1), after(3600, 2)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
