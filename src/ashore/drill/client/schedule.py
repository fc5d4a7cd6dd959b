"""Attempts on a fixed schedule, whatever became of the former ones."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import TextIO

Attempt = Callable[[], Awaitable[str]]
"""Makes one attempt and returns its detail. Raises what went wrong."""

_WRITE_EVERY = 0.1  # s; a write for each sample would be a tenth of the program's work


class Failed(Exception):
    """An attempt that got an answer, but not the right one."""


class Writer:
    """Writes samples as JSON lines: [probe, planned, started, ended, outcome, detail]."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lines: list[str] = []

    def add(
        self, probe: str, planned: float, started: float, ended: float, outcome: str, detail: str
    ) -> None:
        times = (round(planned, 6), round(started, 6), round(ended, 6))
        self._lines.append(json.dumps([probe, *times, outcome, detail]))

    async def run(self) -> None:
        """Write what has been added, until cancelled."""
        try:
            while True:
                await asyncio.sleep(_WRITE_EVERY)
                self.flush()
        finally:
            self.flush()

    def flush(self) -> None:
        if self._lines:
            self._out.write("\n".join(self._lines) + "\n")
            self._lines.clear()
            self._out.flush()


def outcome(error: BaseException) -> str:
    """What went wrong, in a word or two."""
    match error:
        case TimeoutError():
            return "timed out"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionResetError() | BrokenPipeError():
            return "reset"
        case asyncio.IncompleteReadError() | EOFError():
            return "closed"
        case Failed():
            return str(error)
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return f"{type(error).__name__}: {error}"


async def attempt(
    writer: Writer, probe: str, planned: float, deadline: float, work: Attempt
) -> bool:
    """Make one attempt and write its sample; whether it succeeded."""
    started = time.monotonic()
    said, detail = "", ""
    try:
        async with asyncio.timeout(deadline):
            detail = await work()
    except (OSError, EOFError, ValueError, Failed) as error:
        said = outcome(error)
    writer.add(probe, planned, started, time.monotonic(), said, detail)
    return not said


async def open_loop(
    writer: Writer, probe: str, interval: float, deadline: float, work: Attempt
) -> None:
    """Start an attempt every `interval` seconds, until cancelled.

    What was missed while the program did not run is skipped, not made up for:
    the late attempt tells it, and a burst would disturb what is measured.
    """
    running: set[asyncio.Task[bool]] = set()
    planned = time.monotonic()
    try:
        while True:
            await asyncio.sleep(planned - time.monotonic())
            task = asyncio.create_task(attempt(writer, probe, planned, deadline, work))
            running.add(task)
            task.add_done_callback(running.discard)
            planned = following(planned, interval, time.monotonic())
    finally:
        for task in running:
            task.cancel()


async def closed_loop(
    writer: Writer, probe: str, interval: float, deadline: float, work: Attempt
) -> None:
    """Start an attempt every `interval` seconds, or when the former one has ended."""
    planned = time.monotonic()
    while True:
        await asyncio.sleep(planned - time.monotonic())
        await attempt(writer, probe, planned, deadline, work)
        ended = time.monotonic()
        planned = (
            max(planned + interval, ended) if ended > planned + interval else (planned + interval)
        )


def following(planned: float, interval: float, now: float) -> float:
    """The first planned time after `planned` that has not passed at `now`."""
    missed = max(0, int((now - planned) / interval))
    return planned + (missed + 1) * interval
