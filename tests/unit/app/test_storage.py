"""What `status` says of a brick."""

from dataclasses import replace

import pytest

from ashore.app.storage import Brick
from ashore.components.gluster.probe import BrickState
from ashore.components.lvm.thin import Disk, Pool

GIB = 1024**3
SEEN = BrickState(runs=True, kind="ext4", size=40 * GIB, free=30 * GIB)
DIRECTORY = Brick(SEEN, None)
DISK = Disk(
    path="/dev/vdd",
    holds=(),
    member=True,
    volumes=frozenset({"brick", "pool"}),
    pool=Pool(26 * GIB, 12.4, 11.0),
    mounted=True,
    kept=True,
)
THIN = Brick(replace(SEEN, kind="xfs"), DISK)


def test_what_it_is_on() -> None:
    assert DIRECTORY.detail() == "brick: directory on ext4, 30 of 40 GiB free"
    assert THIN.detail() == "brick: thin volume, 12 % of the pool used, 30 of 40 GiB free"


def test_the_document() -> None:
    sizes = {"size": 40 * GIB, "free": 30 * GIB}
    assert DIRECTORY.document("st1") == {
        "machine": "st1",
        "on": "directory",
        "fileSystem": "ext4",
        **sizes,
        "pool": None,
    }
    assert THIN.document("st2") == {
        "machine": "st2",
        "on": "thin volume",
        "fileSystem": "xfs",
        **sizes,
        "pool": {"size": 26 * GIB, "data": 12.4, "metadata": 11.0},
    }


def test_nothing_is_wrong() -> None:
    for brick in (DIRECTORY, THIN):
        assert brick.wrong() == brick.warnings() == []


@pytest.mark.parametrize(
    ("brick", "wrong"),
    [
        (replace(DIRECTORY, seen=replace(SEEN, runs=False)), ["its brick does not run"]),
        (replace(DIRECTORY, seen=replace(SEEN, free=GIB)), ["its brick is nearly full"]),
        (replace(THIN, disk=replace(DISK, mounted=False)), ["its brick is not mounted"]),
        (
            replace(
                THIN, disk=replace(DISK, mounted=False, holds=("ext4", "mounted at /srv/brick"))
            ),
            ["its brick's disk holds ext4, mounted at /srv/brick"],
        ),
    ],
)
def test_what_is_wrong(brick: Brick, wrong: list[str]) -> None:
    assert brick.wrong() == wrong


def test_a_pool_that_is_nearly_full_is_a_warning() -> None:
    full = replace(THIN, disk=replace(DISK, pool=Pool(26 * GIB, 84.0, 11.0)))
    assert full.wrong() == []
    assert full.warnings() == ["its brick's thin pool is 84 % full"]
