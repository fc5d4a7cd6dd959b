import stat
from pathlib import Path

import pytest

from ashore.errors import AshoreError
from ashore.host import cgroups, files, mounts
from ashore.host.wait import until


def test_write_replaces_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "new/file"
    files.write(path, "one", 0o644)
    files.write(path, b"two", 0o600)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["file"]


async def test_nothing_is_deleted_through_a_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "below", lambda directory: [f"{directory}/mnt"])
    with pytest.raises(AshoreError, match="still mounted"):
        await files.remove([tmp_path])
    assert tmp_path.exists()


async def test_waiting_ends_with_the_last_observation() -> None:
    with pytest.raises(AshoreError, match="gw is off: not within 0 s; last seen: 3 processes"):
        await until("gw is off", lambda: "3 processes", timeout=0, interval=0)


async def test_waiting_ends_when_nothing_is_wrong() -> None:
    seen = ["two", "one", ""]
    await until("x", lambda: seen.pop(0), timeout=5, interval=0)
    assert seen == []


def test_groups_are_removed_from_the_inside(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    assert cgroups.remove(tmp_path / "a", below=True)
    assert (tmp_path / "a").is_dir()
    assert cgroups.remove(tmp_path / "a", tmp_path / "absent")
    assert not (tmp_path / "a").exists()


def test_a_busy_group_is_told(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").touch()  # rmdir fails as it does for a group with processes
    assert not cgroups.remove(tmp_path / "a")
