"""What is refused before anything is changed, and what is asked of the machine else."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ashore.components.lvm import change, probe
from ashore.components.lvm.steps import Volumes
from ashore.errors import AshoreError, ExitCode
from tests.unit.components.fakes import FakeTransport

MIB, GIB = 1024**2, 1024**3
# As they were when the machine was asked: both had grown before.
OPT, TMP = 1092 * MIB, 1056 * MIB
SAID = (Path(__file__).parent / "golden" / "said.txt").read_text()


class Machine(FakeTransport):
    """Answers as a machine with the golden disk did, with a snapshot of /opt."""

    def __init__(self, said: str = SAID) -> None:
        super().__init__(lambda argv: (0, said if argv[0] == "sh" else ""))

    @property
    def changes(self) -> list[Sequence[str]]:
        return [argv for argv in self.asked if argv[0] != "sh"]

    def connect(self, machine: str) -> FakeTransport:
        return self


def altered(name: str, **values: str) -> str:
    """What the machine said, with other values of one volume."""
    decoder, text = json.JSONDecoder(), SAID.lstrip()
    _, first = decoder.raw_decode(text)
    rest = text[first:].lstrip()
    volumes, second = decoder.raw_decode(rest)
    for volume in volumes["report"][0]["lv"]:
        if volume["lv_name"] == name:
            volume.update(values)
    return f"{text[:first]}\n{json.dumps(volumes)}\n{rest[second:]}"


def test_what_a_machine_has() -> None:
    found = probe.read(SAID)
    assert {v.name: v.mount for v in found.volumes if not v.origin} == {
        "root": "/",
        **{name: f"/{name}" for name in ("usr", "var", "tmp", "opt")},
    }
    opt, kept = found.find("opt"), found.find("before")
    assert opt is not None
    assert kept is not None
    assert opt.size == opt.filesystem == OPT
    assert (kept.origin, kept.filesystem, kept.invalid, kept.merging) == ("opt", 0, False, False)
    assert found.extent == 4 * MIB
    assert found.free == found.size - sum(v.size for v in found.volumes)


async def test_it_grows_by_whole_extents() -> None:
    machine = Machine()
    await change.grow(machine.connect, "w1", "tmp", TMP + 1)
    assert machine.changes == [
        ["lvextend", "-q", "-L", f"{TMP + 4 * MIB}b", "/dev/vg0/tmp"],
        ["resize2fs", "/dev/vg0/tmp"],
    ]


async def test_a_file_system_that_stayed_behind_grows() -> None:
    machine = Machine()
    await change.grow(machine.connect, "w1", "opt", OPT)
    assert machine.changes == [["resize2fs", "/dev/vg0/opt"]]


async def test_a_snapshot_gets_a_fifth_and_a_name() -> None:
    machine = Machine(SAID)
    with pytest.raises(AshoreError, match="has no volume opt-"):
        # The machine of this test has none afterwards.
        await change.snapshot(machine.connect, "w1", "opt", None, None)
    (argv,) = machine.changes
    assert argv[:3] == ["lvcreate", "-q", "--snapshot"]
    assert argv[-3:] == ["--size", f"{220 * MIB}b", "vg0/opt"]


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda c: change.grow(c, "w1", "opt", OPT - 4 * MIB), "never made smaller"),
        (lambda c: change.grow(c, "w1", "opt", OPT + 99 * GIB), "cannot grow by 99GiB"),
        (lambda c: change.grow(c, "w1", "home", GIB), "w1 has no volume home"),
        (lambda c: change.grow(c, "w1", "opt", OPT + 1), "opt cannot grow .* snapshot: w1:before"),
        (lambda c: change.snapshot(c, "w1", "before", None, None), "is a snapshot itself"),
        (lambda c: change.snapshot(c, "w1", "opt", "var", None), "has a volume var already"),
        (lambda c: change.snapshot(c, "w1", "opt", "a b", None), "cannot be called 'a b'"),
        (lambda c: change.snapshot(c, "w1", "opt", "pvmove0", None), "cannot be called"),
        (lambda c: change.snapshot(c, "w1", "opt", "x", 100 * GIB), "no room"),
        (lambda c: change.rollback(c, "w1", "opt"), "is no snapshot: it holds /opt"),
        (lambda c: change.remove(c, "w1", "opt"), "is no snapshot: it holds /opt"),
    ],
)
async def test_refused_before_anything_is_changed(work, message: str) -> None:
    machine = Machine()
    with pytest.raises(AshoreError, match=message) as refused:
        await work(machine.connect)
    assert refused.value.exit_code is ExitCode.USAGE
    assert machine.changes == []


async def test_a_snapshot_that_ran_full_is_not_rolled_back_to() -> None:
    machine = Machine(altered("before", lv_snapshot_invalid="snapshot invalid"))
    with pytest.raises(AshoreError, match="ran full"):
        await change.rollback(machine.connect, "w1", "before")
    assert machine.changes == []


async def test_one_that_is_merged_at_the_next_start_stays() -> None:
    machine = Machine(altered("before", lv_merging="merging", lv_name="[before]"))
    assert await change.rollback(machine.connect, "w1", "before") is False
    with pytest.raises(AshoreError, match="when w1 starts next"):
        await change.remove(machine.connect, "w1", "before")
    assert machine.changes == []


async def test_the_file_grows_what_is_smaller() -> None:
    machine = Machine()
    wanted = (("opt", OPT), ("tmp", 2 * GIB), ("usr", 256 * MIB))
    step = Volumes(machine.connect, "w1", wanted)
    assert await step.drift() == ["tmp has 1056MiB instead of 2GiB"]
    await step.apply()
    assert [argv[-1] for argv in machine.changes] == ["/dev/vg0/tmp", "/dev/vg0/tmp"]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (SAID, "volume remove w1:before"),
        (altered("before", lv_merging="merging", lv_name="[before]"), "power reset w1"),
    ],
)
async def test_nothing_grows_where_one_has_a_snapshot(said: str, hint: str) -> None:
    machine = Machine(said)
    step = Volumes(machine.connect, "w1", (("tmp", 2 * GIB), ("opt", OPT + 1)))
    with pytest.raises(AshoreError, match="w1:opt cannot grow") as refused:
        await step.apply()
    assert refused.value.exit_code is ExitCode.USAGE
    assert hint in refused.value.hint
    assert machine.changes == []


async def test_all_of_the_file_or_nothing() -> None:
    machine = Machine()
    step = Volumes(machine.connect, "w1", (("opt", OPT + GIB), ("tmp", TMP + 99 * GIB)))
    with pytest.raises(AshoreError, match="opt, tmp are to grow by 100GiB"):
        await step.apply()
    assert machine.changes == []
