"""Loop devices: a part of a file as a block device for a while, which the host leaves alone.

udev looks at each new block device, and where lvm2 is installed it activates a volume
group that is on it. It passes over a device that somebody holds a lock on
(https://systemd.io/BLOCK_DEVICE_LOCKING/): so it is locked while it shows the file.
"""

import errno
import fcntl
import os
import struct
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from ashore.errors import AshoreError, ExitCode

# linux/loop.h; LOOP_CONFIGURE came with Linux 5.8.
_LOOP_CTL_GET_FREE = 0x4C82
_LOOP_CONFIGURE = 0x4C0A
_LOOP_CLR_FD = 0x4C01
_READ_ONLY = 1
_AUTOCLEAR = 4
# struct loop_config: file, block size, loop_info64 (three numbers of devices, offset,
# limit, number, two of encryption, flags, then names and keys), reserved.
_CONFIG = struct.Struct("=II 5Q 4I 176x 64x")
_DEV = Path("/dev")
_TRIES = 64

# udev has a device that was taken away before locked while it looks at it: milliseconds.
_PAUSE, _PATIENCE = 0.01, 5.0


@contextmanager
def attached(file: Path, offset: int, size: int, *, read_only: bool = False) -> Generator[str]:
    """The path of a loop device over `size` bytes of a file from `offset`.

    The kernel takes the device away with its last user, so none is left by a
    task that is cancelled or a process that is killed, whenever that happens.
    A program that locks the device before it uses it waits for ever; those of lvm2 do not.

    Raises:
        AshoreError: this host gives no loop device, or what was written did not reach the file.
    """
    mode = os.O_CLOEXEC | (os.O_RDONLY if read_only else os.O_RDWR)
    backing = os.open(file, mode)
    try:
        flags = _AUTOCLEAR | (_READ_ONLY if read_only else 0)
        config = _CONFIG.pack(backing, 0, 0, 0, 0, offset, size, 0, 0, 0, flags)
        device, path = _configured(config, mode)
    except OSError as error:
        raise AshoreError(
            f"no loop device for {file}: {error.strerror}",
            "it needs root and a kernel with loop devices: look at /dev/loop-control",
            ExitCode.HOST,
        ) from error
    finally:
        os.close(backing)
    try:
        yield path
    finally:
        _detach(device, file)


def _configured(config: bytes, mode: int) -> tuple[int, str]:
    """Take a free device; another program may take the same one first."""
    control = os.open(_DEV / "loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(_TRIES):
            path = str(_DEV / f"loop{fcntl.ioctl(control, _LOOP_CTL_GET_FREE)}")
            device = os.open(path, mode)
            try:
                _lock(device, path)
                fcntl.ioctl(device, _LOOP_CONFIGURE, config)
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:
                    raise
            else:
                return device, path
    finally:
        os.close(control)
    raise OSError(errno.EBUSY, "each free one was taken by another program")


def _detach(device: int, file: Path) -> None:
    """Take the file out of the device, and close that.

    Closing alone would give up the lock first and the file then: udev could look in between.
    But only closing writes out what the kernel still holds; the file that is taken out goes
    without.
    """
    try:
        os.fsync(device)
    except OSError as error:
        raise AshoreError(f"{file} could not be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            fcntl.ioctl(device, _LOOP_CLR_FD)
        os.close(device)


def _lock(device: int, path: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return fcntl.flock(device, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                why = f"another program has kept {path} locked for {_PATIENCE:.0f} s"
                raise OSError(errno.EAGAIN, why) from None
        time.sleep(_PAUSE)
