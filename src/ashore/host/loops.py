"""Loop devices: a file, or a part of one, as a block device for a while."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from ashore.host.run import run


@asynccontextmanager
async def attached(
    file: Path, offset: int, size: int, *, read_only: bool = False
) -> AsyncGenerator[str]:
    """The path of a loop device over `size` bytes of a file; it is gone afterwards.

    Also when the task is cancelled while the device is being made: it is found
    by its file then, not by what losetup had no time to print.
    """
    argv = ["losetup", "--find", "--show", "--offset", str(offset), "--sizelimit", str(size)]
    try:
        done = await run([*argv, *(["--read-only"] if read_only else []), str(file)])
        yield done.text.strip()
    finally:
        await asyncio.shield(detach(file))


async def detach(file: Path) -> None:
    """Detach every loop device over a file."""
    done = await run(["losetup", "--noheadings", "--output", "NAME", "--associated", str(file)])
    for device in done.text.split():
        await run(["losetup", "--detach", device])
