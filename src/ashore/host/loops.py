"""Loop devices: a part of a file as a block device for a while."""

import errno
import fcntl
import os
import struct
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ashore.errors import AshoreError, ExitCode

# linux/loop.h; LOOP_CONFIGURE came with Linux 5.8.
_LOOP_CTL_GET_FREE = 0x4C82
_LOOP_CONFIGURE = 0x4C0A
_READ_ONLY = 1
_AUTOCLEAR = 4
# struct loop_config: file, block size, loop_info64 (three numbers of devices, offset,
# limit, number, two of encryption, flags, then names and keys), reserved.
_CONFIG = struct.Struct("=II 5Q 4I 176x 64x")
_TRIES = 64


@contextmanager
def attached(file: Path, offset: int, size: int, *, read_only: bool = False) -> Generator[str]:
    """The path of a loop device over `size` bytes of a file from `offset`.

    The kernel takes the device away with its last user, so none is left by a
    task that is cancelled or a process that is killed, whenever that happens.

    Raises:
        AshoreError: this host gives no loop device.
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
        os.close(device)


def _configured(config: bytes, mode: int) -> tuple[int, str]:
    """Take a free device; another program may take the same one first."""
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(_TRIES):
            path = f"/dev/loop{fcntl.ioctl(control, _LOOP_CTL_GET_FREE)}"
            device = os.open(path, mode)
            try:
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
