from dataclasses import replace
from pathlib import Path

import pytest

from ashore.events import ignore
from ashore.image import build, steps
from ashore.model.load import loads_stack
from ashore.supply.base import Room

GIB = 1024**3

STACK = loads_stack("apiVersion: ashore/v1\nkind: Stack\n", "test")


def test_a_planned_image_is_missing_until_all_of_it_is_there(tmp_path: Path) -> None:
    image = build.planned(STACK, tmp_path)
    assert len(build.missing(image)) == 3
    for path in build.missing(image):
        path.mkdir(parents=True)
    assert build.missing(image) == []
    assert build.planned(STACK, tmp_path) == image


def test_the_host_needs_packages_only_for_what_is_not_cached(tmp_path: Path) -> None:
    assert {"mmdebstrap", "gcc"} <= set(build.host_packages(STACK, tmp_path))
    for path in build.missing(build.planned(STACK, tmp_path)):
        path.mkdir(parents=True)
    assert build.host_packages(STACK, tmp_path) == ()


@pytest.mark.parametrize(
    ("supply", "least", "most"), [("auto", 4, 21), ("releases", 4, 4), ("modules", 21, 21)]
)
def test_the_room_that_is_needed_follows_from_the_supply(
    tmp_path: Path, supply: str, least: int, most: int
) -> None:
    stack = replace(STACK, supply=supply)
    for cache in (tmp_path, tmp_path / "absent"):
        assert build.room(stack, cache) == Room(least * GIB, most * GIB)


def test_what_is_cached_needs_no_room_again(tmp_path: Path) -> None:
    (tmp_path / "go").mkdir()
    assert build.room(replace(STACK, supply="modules"), tmp_path) == Room(4 * GIB, 21 * GIB)
    programs, *others = build.missing(build.planned(STACK, tmp_path))
    programs.mkdir(parents=True)
    assert 0 < build.room(STACK, tmp_path).least == build.room(STACK, tmp_path).most < 4 * GIB
    for path in others:
        path.mkdir(parents=True)
    assert build.room(STACK, tmp_path) == Room(0, 0)


async def test_steps_agree_with_the_plan(tmp_path: Path) -> None:
    every = steps.steps(STACK, tmp_path, ignore)
    assert [step.key for step in every] == ["supply", "image/rootfs", "image"]
    assert all([await step.drift() for step in every])
    for path in build.missing(build.planned(STACK, tmp_path)):
        path.mkdir(parents=True)
    assert [await step.drift() for step in every] == [[], [], []]
