"""The disk of a brick: what is refused, and what is made of it from where it is."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ashore.components.lvm import thin
from ashore.components.lvm.brick import Brick
from ashore.components.lvm.thin import Pool
from ashore.errors import AshoreError
from tests.unit.components import golden
from tests.unit.components.fakes import FakeTransport

HERE = Path(__file__).parent
DISK = "/dev/disk/by-id/virtio-data-0"
SIZE = 27481079808
GOES = ["vgcreate", "lvcreate", "lvcreate", "mkfs.xfs", "lvrename", "sh"]
"""The commands from a blank disk to a brick."""


def said(name: str) -> str:
    """What a machine said."""
    return (HERE / "golden" / f"brick-{name}.txt").read_text()


def state(*volumes: str, group: str | None = "bricks") -> str:
    """What a machine says whose brick is not whole yet.

    Args:
        group: of the disk; None if it is no physical volume.
    """
    text = said("blank")
    if group is not None:
        own = '{"pv_name":"/dev/vda2", "vg_name":"vg0", "vg_tags":""}'
        tags = "ashore" if group else ""
        disk = f'{{"pv_name":"/dev/vdd", "vg_name":"{group}", "vg_tags":"{tags}"}}'
        text = text.replace(own, f"{own}, {disk}")
    lines = [
        f'{{"lv_name":"{name}", "lv_size":"{SIZE}", "data_percent":"", "metadata_percent":""}}'
        for name in volumes
    ]
    return text.replace('"lv": [\n', f'"lv": [\n{", ".join(lines)}\n')


class Machine(FakeTransport):
    """Says one thing after the other when it is looked at, the last one for ever."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        super().__init__(lambda argv: (0, self._said() if self._looks(argv) else ""))

    def _said(self) -> str:
        return self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]

    @staticmethod
    def _looks(argv: Sequence[str]) -> bool:
        return argv[0] == "sh" and "wipefs" in argv[2]

    @property
    def changes(self) -> list[Sequence[str]]:
        return [argv for argv in self.asked if not self._looks(argv)]

    @property
    def step(self) -> Brick:
        return Brick(lambda _: self, "st1", DISK, "/srv/brick")


def test_a_whole_brick_among_snapshots() -> None:
    found = thin.read(said("made"))
    assert (found.path, found.holds) == ("/dev/vdd", ())
    assert found.member
    assert found.mounted
    assert found.kept
    assert found.pool == Pool(SIZE, 0.29, 10.99)
    assert {"brick", "pool"} < found.volumes


async def test_a_whole_brick_has_no_drift() -> None:
    assert await Machine(said("made")).step.drift() == []


async def test_a_blank_disk() -> None:
    machine = Machine(said("blank"))
    assert await machine.step.drift() == [
        "the group bricks on /dev/vdd is not made",
        "its thin pool is not made",
        "its volume is not made",
        "nothing is mounted at /srv/brick",
        "fstab has nothing for /srv/brick",
    ]
    assert machine.changes == []


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("precious", "/dev/vde .* holds: ext4 precious, mounted at /mnt"),
        ("partitions", "/dev/vda .* holds: gpt, PMBR, part /dev/vda1, part /dev/vda2"),
        ("member", "/dev/vda2 .* holds: a physical volume of the group vg0"),
    ],
)
async def test_a_disk_that_holds_something_is_left_alone(name: str, holds: str) -> None:
    machine = Machine(said(name))
    for work in (machine.step.drift, machine.step.apply):
        with pytest.raises(AshoreError, match=holds) as refused:
            await work()
        assert "wipefs --all" in refused.value.hint
    assert machine.changes == []


async def test_a_group_of_the_same_name_that_is_somebody_elses_is_left_alone() -> None:
    machine = Machine(said("made").replace('"vg_tags":"ashore"', '"vg_tags":"theirs"'))
    with pytest.raises(AshoreError, match="holds: a physical volume of the group bricks"):
        await machine.step.apply()
    assert machine.changes == []


async def test_the_commands_from_a_blank_disk() -> None:
    machine = Machine(state(group=None), state("pool"))
    await machine.step.apply()
    golden.check(HERE, "brick-commands.txt", "".join(f"{' '.join(c)}\n" for c in machine.changes))
    assert [argv[0] for argv in machine.changes] == GOES


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (state(group=""), GOES),
        (state(), GOES[1:]),
        (state("pool"), GOES[2:]),
        (state("pool", "unformatted"), GOES[3:]),
        (state("pool", "brick"), GOES[5:]),
        (said("made"), GOES[5:]),
    ],
)
async def test_it_goes_on_where_it_was_interrupted(before: str, after: list[str]) -> None:
    have = "unformatted" if "unformatted" in before else "pool"
    machine = Machine(before, state("pool", have))
    await machine.step.apply()
    assert [argv[0] for argv in machine.changes] == after


async def test_what_has_the_name_of_a_brick_is_never_formatted() -> None:
    machine = Machine(state("pool", "brick"))
    await machine.step.apply()
    assert not any("mkfs.xfs" in argv for argv in machine.changes)


@pytest.mark.parametrize(
    ("pool", "warnings"),
    [
        (Pool(SIZE, 79.9, 79.9), []),
        (Pool(SIZE, 80.0, 10.0), ["its brick's thin pool is 80 % full"]),
        (Pool(SIZE, 10.0, 93.2), ["its brick's thin pool's metadata is 93 % full"]),
        (
            Pool(SIZE, 100.0, 81.0),
            [
                "its brick's thin pool is 100 % full",
                "its brick's thin pool's metadata is 81 % full",
            ],
        ),
    ],
)
def test_a_pool_warns_before_it_is_full(pool: Pool, warnings: list[str]) -> None:
    assert pool.warnings() == warnings


def test_the_pool_is_extended_from_where_it_warns() -> None:
    golden.check(HERE, "brick-fragment.txt", golden.as_text(thin.fragment()))
