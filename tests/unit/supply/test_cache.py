from pathlib import Path

import pytest

from ashore.events import Event, ignore
from ashore.supply import cache
from ashore.supply.cache import digest, making


def test_a_digest_tells_recipes_apart_and_nothing_else() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


async def test_a_whole_entry_gets_its_name(tmp_path: Path) -> None:
    async with making(tmp_path / "programs/d1", "supply", ignore) as scratch:
        assert scratch is not None
        (scratch / "kubelet").write_text("x")
        assert not (tmp_path / "programs/d1").exists()
    assert (tmp_path / "programs/d1/kubelet").read_text() == "x"


async def test_an_entry_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "programs/d1").mkdir(parents=True)
    async with making(tmp_path / "programs/d1", "supply", ignore) as scratch:
        assert scratch is None


@pytest.mark.spawns
async def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with making(tmp_path / "programs/d1", "supply", ignore) as scratch:
            assert scratch is not None
            (scratch / "half").write_text("x")
            raise ZeroDivisionError
    assert [p.name for p in (tmp_path / "programs").iterdir()] == ["d1.lock"]


@pytest.mark.spawns
async def test_what_a_killed_run_left_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "programs/d1.partial").mkdir(parents=True)
    (tmp_path / "programs/d1.partial/half").write_text("x")
    async with making(tmp_path / "programs/d1", "supply", ignore) as scratch:
        assert scratch is not None
        assert list(scratch.iterdir()) == []


async def test_who_waits_for_another_run_says_so_and_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_LOCK_SECONDS", 0.0)
    told: list[Event] = []
    async with making(tmp_path / "programs/d1", "supply", ignore):
        with pytest.raises(cache.AshoreError, match="another run"):
            async with making(tmp_path / "programs/d1", "supply", told.append):
                pass
