from pathlib import Path

from ashore.events import ignore
from ashore.image import build, steps
from ashore.model.load import loads_stack

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


async def test_steps_agree_with_the_plan(tmp_path: Path) -> None:
    every = steps.steps(STACK, tmp_path, ignore)
    assert [step.key for step in every] == ["supply", "image/rootfs", "image"]
    assert all([await step.drift() for step in every])
    for path in build.missing(build.planned(STACK, tmp_path)):
        path.mkdir(parents=True)
    assert [await step.drift() for step in every] == [[], [], []]
