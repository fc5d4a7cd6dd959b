"""Several things at once, none of which outlives the others."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, overload

T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")


@overload
async def together(a: Coroutine[Any, Any, T1], b: Coroutine[Any, Any, T2], /) -> tuple[T1, T2]: ...
@overload
async def together(
    a: Coroutine[Any, Any, T1], b: Coroutine[Any, Any, T2], c: Coroutine[Any, Any, T3], /
) -> tuple[T1, T2, T3]: ...
@overload
async def together(
    a: Coroutine[Any, Any, T1],
    b: Coroutine[Any, Any, T2],
    c: Coroutine[Any, Any, T3],
    d: Coroutine[Any, Any, T4],
    /,
) -> tuple[T1, T2, T3, T4]: ...
@overload
async def together(*work: Coroutine[Any, Any, T]) -> tuple[T, ...]: ...
async def together(*work: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """Await everything; the results, in the order of the arguments.

    The first exception cancels the rest and is raised once they have ended.
    `asyncio.gather` would leave them running: a program that ends meanwhile
    cancels them together with what asyncio itself runs to start a process,
    which can then be waited for for ever (seen with Python 3.11.7).
    """
    tasks: list[asyncio.Task[Any]] = []
    first: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(each) for each in work]
    except BaseExceptionGroup as errors:
        first = errors.exceptions[0]
    if first is not None:
        raise first
    return tuple(task.result() for task in tasks)
