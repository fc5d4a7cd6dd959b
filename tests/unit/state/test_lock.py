import json
import os
from pathlib import Path

import pytest

from ashore.errors import AshoreError
from ashore.state.lock import hold


def test_a_second_holder_is_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / ".locks" / "demo"
    with hold(path, "up"):
        assert json.loads(path.read_text())["pid"] == os.getpid()
        with pytest.raises(AshoreError) as caught, hold(path, "down"):
            pass
        assert f"demo is in use: `ashore up`, process {os.getpid()}, since " in caught.value.message
        assert path.exists()
    with hold(path, "down"):
        pass


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "state" / ".locks" / "demo"
    with pytest.raises(KeyError), hold(path, "up"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_what_others_keep_beside_it_stays(tmp_path: Path) -> None:
    path = tmp_path / ".locks" / "demo"
    with hold(path, "up"), hold(path.with_name("other"), "up"):
        (tmp_path / "other").mkdir()
    assert [p.name for p in tmp_path.iterdir()] == ["other"]


def test_a_file_left_by_a_dead_process_does_not_lock(tmp_path: Path) -> None:
    path = tmp_path / "demo"
    path.write_text('{"pid": 1, "verb": "up", "since": "2026-01-01T00:00:00+00:00"}' + " " * 999)
    with hold(path, "up"):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_lock_taken_on_a_file_that_was_just_removed_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last holder unlinks the file between our open and our flock."""
    path = tmp_path / "demo"
    real = os.open
    opened: list[str] = []

    def open_then_lose(name: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = real(name, flags, mode)
        opened.append(str(name))
        if len(opened) == 1:
            path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_then_lose)
    with hold(path, "up"):
        assert len(opened) == 2
        assert path.exists()
    assert not path.exists()


def test_a_holder_that_has_not_yet_said_who_it_is(tmp_path: Path) -> None:
    path = tmp_path / "demo"
    with hold(path, "up"):
        path.write_text("")
        with (
            pytest.raises(AshoreError, match="held by another process"),
            hold(path, "down"),
        ):
            pass
