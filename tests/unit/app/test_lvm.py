"""`volume extend`: what is refused before a disk is made, and how an interrupted one goes on."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ashore.app import lvm
from ashore.app.select import Chosen
from ashore.errors import AshoreError, ExitCode
from ashore.host.run import CommandFailed
from tests.unit.components.fakes import FakeTransport

MIB, GIB = 1024**2, 1024**3
SAID = (Path(__file__).parents[1] / "components/lvm/golden/said.txt").read_text()


class Machine(FakeTransport):
    """A virtual machine and its driver at once: `vg0` is on /dev/vda2 and what is in `group`."""

    name = "qemu"

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.group: list[str] = []
        self.there: dict[str, int] = {}
        self.up, self.refuses = True, False

    async def disk_add(self, name: str, disk: str, size: int) -> None:
        self.there[disk] = size

    def disks(self, name: str) -> dict[str, int]:
        return self.there

    def _answer(self, argv: Sequence[str]) -> tuple[int, str]:
        if not self.up:
            return 255, ""
        match argv[0]:
            case "sh":
                return 0, SAID if "vgs" in argv[2] else _real(argv[2].split()[-1])
            case "readlink":
                return 0, "".join(f"{_real(path)}\n" for path in argv[2:])
            case "pvs":
                rows = [("/dev/vda2", "vg0"), *((disk, "vg0") for disk in self.group)]
                return 0, "".join(f"  {disk} {group}\n" for disk, group in (*rows, ("/dev/z", "")))
            case "vgextend" if not self.refuses:
                self.group.append(argv[-1])
                return 0, ""
            case _:
                return 5, ""


def _real(path: str) -> str:
    """The device of a disk: the last letter of its name."""
    return f"/dev/vd{path[-1]}"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    stack = SimpleNamespace(machine={"w1": "there"}.get)
    context = SimpleNamespace(connect={"w1": machine}.__getitem__)

    def session(_: Chosen) -> SimpleNamespace:
        return SimpleNamespace(stack=stack, driver=machine, context=context)

    monkeypatch.setattr(lvm, "_open", session)
    return machine


async def extend(size: str, label: str | None = None) -> Any:
    return await lvm.extend(cast("Chosen", None), "w1", size, label)


async def test_each_disk_is_a_new_one(machine: Machine) -> None:
    assert (await extend("1GiB"))["disk"] == "disk1"
    assert (await extend("1GiB"))["disk"] == "disk2"
    assert (await extend("2GiB", "more"))["disk"] == "more"
    assert machine.group == ["/dev/vd1", "/dev/vd2", "/dev/vde"]


async def test_one_that_the_group_has_not_got_is_not_made_again(machine: Machine) -> None:
    machine.refuses = True
    with pytest.raises(AshoreError) as failed:
        await extend("1GiB")
    assert "--as disk1" in failed.value.hint
    machine.refuses = False
    assert (await extend("2GiB"))["disk"] == "disk2"
    assert (await extend("1GiB"))["disk"] == "disk1"
    assert machine.there == {"disk1": GIB, "disk2": 2 * GIB}


async def test_a_machine_that_does_not_answer_gets_no_disk(machine: Machine) -> None:
    machine.up = False
    with pytest.raises(CommandFailed):
        await extend("1GiB")
    assert machine.there == {}


@pytest.mark.parametrize("size", ["0GiB", "7.9MiB", "8193GiB", f"{'9' * 400}GiB", "much"])
async def test_sizes_that_are_none_for_a_disk(machine: Machine, size: str) -> None:
    with pytest.raises(AshoreError, match=size) as refused:
        await extend(size)
    assert refused.value.exit_code is ExitCode.USAGE
    assert machine.there == {}
    assert machine.asked == []
