"""Disks that are added to virtual machines, as far as no machine runs."""

from pathlib import Path
from typing import Any

import pytest

from ashore.drivers.qemu import command, hotplug, qmp
from ashore.drivers.qemu.layout import Definition, Layout
from ashore.errors import AshoreError, ExitCode
from tests.unit.drivers.test_qemu import CODE, DEMO, MACHINE

MIB = 1024**2


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.save(MACHINE)
    return layout


def defined(layout: Layout) -> Definition:
    definition = layout.load()
    assert definition is not None
    return definition


async def added(layout: Layout, disk: str, size: int = MIB, *, runs: bool = False) -> None:
    await hotplug.add(defined(layout), layout, disk, size, runs=runs)


async def test_a_machine_that_is_off_starts_with_it(layout: Layout) -> None:
    await added(layout, "disk1")
    await added(layout, "disk2")
    assert defined(layout).added == {"disk1": MIB, "disk2": MIB}
    assert layout.added("disk1").stat().st_size == MIB
    argv = command.qemu(defined(layout), layout, DEMO, CODE, kvm=True)
    assert "virtio-blk-pci,drive=disk1,serial=disk1,id=added-disk1" in argv


async def test_what_is_there_is_kept(layout: Layout) -> None:
    await added(layout, "disk1")
    layout.added("disk1").write_bytes(b"kept".ljust(MIB))
    await added(layout, "disk1")
    assert layout.added("disk1").read_bytes().startswith(b"kept")


async def test_a_file_that_no_definition_names_was_never_used(layout: Layout) -> None:
    layout.added("disk1").write_bytes(b"half")
    await added(layout, "disk1")
    assert layout.added("disk1").read_bytes() == bytes(MIB)


async def test_a_disk_that_cannot_be_made_leaves_nothing(layout: Layout) -> None:
    with pytest.raises(AshoreError, match="can be made for the machine"):
        await added(layout, "disk1", 1 << 80)
    assert not layout.added("disk1").exists()
    layout.added("disk1").mkdir()
    with pytest.raises(AshoreError, match="no disk of 1MiB can be made") as failed:
        await added(layout, "disk1")
    assert str(layout.directory) in failed.value.hint
    assert defined(layout).added == {}


async def test_another_size_is_refused(layout: Layout) -> None:
    await added(layout, "disk1")
    with pytest.raises(AshoreError, match="a disk disk1 already") as refused:
        await added(layout, "disk1", 2 * MIB)
    assert refused.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("name", ["", "root", "seed", "data0", "data-x", "a b", "x" * 21, "1a"])
async def test_names_that_are_none_or_taken(layout: Layout, name: str) -> None:
    with pytest.raises(AshoreError, match="cannot be called"):
        await added(layout, name)
    assert defined(layout).added == {}


class Monitor:
    """Answers as QEMU does whose added disks are in these ports."""

    def __init__(self, plugged: dict[str, str]) -> None:
        self.plugged = plugged
        self.asked: list[qmp.Command] = []

    async def ask(self, socket: Path, machine: str, commands: list[qmp.Command]) -> list[Any]:
        self.asked += commands
        return [self._answer(name, args) for name, args in commands]

    def _answer(self, name: str, args: Any) -> Any:
        if name == "qom-list":
            return [{"name": "type"}, {"name": "nic"}, *({"name": each} for each in self.plugged)]
        if name == "qom-get":
            return self.plugged[args["path"].rpartition("/")[2]]
        return []


async def test_it_is_plugged_into_the_first_free_port(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = {"added-a": "/machine/q35/pcie.0", "added-b": "/machine/peripheral/spare1/spare1"}
    monitor = Monitor(ports)
    monkeypatch.setattr(qmp, "ask", monitor.ask)
    await added(layout, "c", runs=True)
    assert [name for name, _ in monitor.asked[-2:]] == ["blockdev-add", "device_add"]
    assert monitor.asked[-1][1]["bus"] == "spare2"
    assert monitor.asked[-1][1]["serial"] == "c"


async def test_one_that_is_plugged_in_stays_where_it_is(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = Monitor({"added-a": "/machine/peripheral/spare1/spare1"})
    monkeypatch.setattr(qmp, "ask", monitor.ask)
    await added(layout, "a", runs=True)
    assert {name for name, _ in monitor.asked} == {"qom-list", "qom-get"}


async def test_without_a_free_port_it_waits_for_the_next_start(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = {f"added-{p}": f"/machine/peripheral/{p}/{p}" for p in hotplug.PORTS}
    monkeypatch.setattr(qmp, "ask", Monitor(ports).ask)
    with pytest.raises(AshoreError, match="no free port") as refused:
        await added(layout, "e", runs=True)
    assert "power reset cp1" in refused.value.hint
    assert "e" in defined(layout).added
