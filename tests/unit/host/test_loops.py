"""When a loop device is locked, as far as no kernel makes one: its device is a plain file."""

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.host import loops

FREE, CONFIGURE, CLEAR = 0x4C82, 0x4C0A, 0x4C01


class Kernel:
    """Gives out loop7 and notes what is asked, each with whether the device was locked then."""

    def __init__(self, dev: Path) -> None:
        self.device = dev / "loop7"
        self.asked: list[tuple[int, bool]] = []
        self.attached = False
        for name in ("loop-control", "loop7", "disk.raw"):
            (dev / name).touch()

    def ioctl(self, _: int, request: int, argument: Any = 0) -> int:
        if request == FREE:
            return 7
        self.asked.append((request, self.locked))
        self.attached = request == CONFIGURE
        return 0

    @property
    def locked(self) -> bool:
        """Whether udev would pass over the device."""
        file = os.open(self.device, os.O_RDONLY)
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel(tmp_path)
    monkeypatch.setattr(loops, "_DEV", tmp_path)
    monkeypatch.setattr(loops.fcntl, "ioctl", kernel.ioctl)
    return kernel


@pytest.mark.parametrize("read_only", [False, True])
def test_it_is_locked_from_before_it_shows_the_file_until_it_no_longer_does(
    kernel: Kernel, tmp_path: Path, read_only: bool
) -> None:
    with loops.attached(tmp_path / "disk.raw", 0, 4096, read_only=read_only) as path:
        assert path == str(kernel.device)
        assert kernel.locked
    assert kernel.asked == [(CONFIGURE, True), (CLEAR, True)]
    assert not kernel.locked


def test_udev_may_still_look_at_what_the_device_was_before(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    udev = os.open(kernel.device, os.O_RDONLY)
    fcntl.flock(udev, fcntl.LOCK_SH)

    def sleep(_: float) -> None:
        os.close(udev)

    monkeypatch.setattr(loops.time, "sleep", sleep)
    with loops.attached(tmp_path / "disk.raw", 0, 4096):
        assert kernel.attached


def test_one_that_stays_locked_is_told(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "_PATIENCE", 0.0)
    other = os.open(kernel.device, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_SH)
    with (
        pytest.raises(AshoreError, match="another program has kept") as refused,
        loops.attached(tmp_path / "disk.raw", 0, 4096),
    ):
        pass
    os.close(other)
    assert str(kernel.device) in refused.value.message
    assert refused.value.exit_code is ExitCode.HOST
    assert kernel.asked == []
