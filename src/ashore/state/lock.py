"""One program at a time works on a stack."""

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ashore.errors import AshoreError
from ashore.state.files import make_directory


@contextlib.contextmanager
def hold(path: Path, verb: str) -> Generator[None]:
    """Hold the lock of a stack; the kernel lets go of it when the process dies.

    The file goes away with the lock, and so do its directory and the one
    above if they are empty then, so that `down` leaves nothing. That is safe
    because whoever gets a lock checks that the path still names its file.

    Raises:
        AshoreError: somebody else holds it; the message says who.
    """
    descriptor = _acquire(path)
    try:
        _say_who(descriptor, verb)
        yield
    finally:
        if _still_there(path, descriptor):
            path.unlink()
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.parent.rmdir()
            path.parent.parent.rmdir()


def _acquire(path: Path) -> int:
    while True:
        try:
            make_directory(path.parent)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            continue  # the last holder removed the directory just now
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _still_there(path, descriptor):
                return descriptor
            os.close(descriptor)
        except OSError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise AshoreError(
                f"{path.name} is in use: {holder}", "wait until it has ended, then try again"
            ) from None


def _still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _say_who(descriptor: int, verb: str) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    os.ftruncate(descriptor, 0)
    os.pwrite(
        descriptor, json.dumps({"pid": os.getpid(), "verb": verb, "since": since}).encode(), 0
    )


def _holder(descriptor: int) -> str:
    try:
        who: dict[str, Any] = json.loads(os.pread(descriptor, 4096, 0))
        since = datetime.fromisoformat(who["since"])
    except (ValueError, KeyError, TypeError):
        return "its lock is held by another process"
    ago = round((datetime.now(UTC) - since).total_seconds())
    return f"`ashore {who['verb']}`, process {who['pid']}, since {since:%H:%M:%S} UTC ({ago} s)"
