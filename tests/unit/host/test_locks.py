import fcntl
import os
from pathlib import Path

import pytest

from ashore.errors import AshoreError
from ashore.host.locks import exclusive


async def test_held_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for _ in range(2):
        async with exclusive(path, 1.0):
            other = os.open(path, os.O_RDWR)
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(other)


async def test_a_lock_that_stays_held_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    async with exclusive(path, 1.0):
        with pytest.raises(AshoreError, match="held by another process"):
            async with exclusive(path, 0.05):
                pass


async def test_nothing_to_lock_without_its_directory(tmp_path: Path) -> None:
    async with exclusive(tmp_path / "gone" / "lock", 1.0):
        assert not (tmp_path / "gone").exists()
