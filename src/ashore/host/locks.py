"""Locks between processes of this computer; the kernel lets go of them at a process's death."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from ashore.errors import AshoreError


@asynccontextmanager
async def exclusive(path: Path, timeout: float) -> AsyncGenerator[None]:
    """Hold a lock file; nothing is locked where its directory is not there.

    Raises:
        AshoreError: somebody else held it for `timeout` seconds.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (FileNotFoundError, NotADirectoryError):
        yield
        return
    try:
        await _acquire(descriptor, path, timeout)
        yield
    finally:
        os.close(descriptor)


async def _acquire(descriptor: int, path: Path, timeout: float) -> None:
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if asyncio.get_running_loop().time() > deadline:
                raise AshoreError(
                    f"{path} is held by another process for more than {timeout:.0f} s",
                    f"see which with `fuser -v {path}`",
                ) from None
            await asyncio.sleep(0.01)
        else:
            return
