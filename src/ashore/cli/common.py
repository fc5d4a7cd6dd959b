"""Options that verbs share, and how a verb becomes a process."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from ashore.errors import ExitCode


@Parameter(name="*")
@dataclass(frozen=True)
class Target:
    """Which stack a verb works on.

    Attributes:
        file: the stack file. Without it: stack.yaml in the current directory,
            else the one stack that is up, else the default stack `demo`.
        stack: name of a stack that is up, instead of a file.
    """

    file: Annotated[Path | None, Parameter(name=["--file", "-f"])] = None
    stack: Annotated[str | None, Parameter(name=["--stack", "-s"])] = None


Output = Annotated[Literal["text", "json"], Parameter(name=["--output", "-o"])]


def drive(work: Coroutine[Any, Any, int]) -> int:
    """Run a verb's coroutine; SIGINT and SIGTERM cancel it and give exit code 130."""

    async def main() -> int:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            print("\nInterrupted; run the same command again to go on.", file=sys.stderr)  # noqa: T201
            return ExitCode.INTERRUPTED

    if sys.version_info < (3, 12):
        # The default watcher of 3.11 starts a thread for each child; later
        # versions use pidfd by themselves.
        policy = asyncio.get_event_loop_policy()  # pyright: ignore[reportDeprecated]
        policy.set_child_watcher(asyncio.PidfdChildWatcher())  # pyright: ignore[reportDeprecated]
    return asyncio.run(main())
