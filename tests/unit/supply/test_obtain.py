from pathlib import Path

import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, ignore
from ashore.supply import obtain
from ashore.supply.base import Room, Supply, planned
from ashore.supply.versions import Versions, versions

V = versions("1.37.2")


class Fake:
    name = "fake"

    def __init__(self, *, up: bool) -> None:
        self.up = up

    def host_packages(self) -> tuple[str, ...]:
        return ()

    def room(self, cache: Path) -> Room:
        return Room(0, 0)

    async def answers(self) -> bool:
        return self.up

    async def fill(self, versions: Versions, place: Path, cache: Path, emit: Emit) -> None:
        (place / "tree").mkdir()


def test_kinds_and_their_order() -> None:
    assert [s.name for s in obtain.supplies("auto")] == ["releases", "modules"]
    assert [s.name for s in obtain.supplies("modules")] == ["modules"]
    with pytest.raises(AshoreError) as caught:
        obtain.supplies("floppy")
    assert caught.value.exit_code is ExitCode.USAGE


async def test_the_first_that_answers_is_taken() -> None:
    down, up, last = Fake(up=False), Fake(up=True), Fake(up=False)
    assert await obtain.choose([up, last]) is up
    assert await obtain.choose([down, last]) is last


async def test_programs_are_where_they_were_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supply: Supply = Fake(up=True)
    monkeypatch.setattr(obtain, "supplies", lambda kind: (supply,))  # pyright: ignore
    programs = await obtain.obtain("auto", V, tmp_path, ignore)
    assert programs == planned(V, tmp_path)
    assert programs.tree.is_dir()
    assert programs.images == ()
    assert programs.bare is None


async def test_the_cache_comes_before_any_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(V, tmp_path).place.mkdir(parents=True)
    monkeypatch.setattr(obtain, "supplies", lambda kind: pytest.fail("asked"))  # pyright: ignore
    await obtain.obtain("auto", V, tmp_path, ignore)
