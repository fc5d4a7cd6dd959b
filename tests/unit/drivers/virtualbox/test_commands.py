"""What the driver hands to VBoxManage, as golden files."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from ashore.drivers.shared.disks import PROGRAMS, serial
from ashore.drivers.virtualbox import machine
from ashore.drivers.virtualbox.layout import Layout
from ashore.drivers.virtualbox.machine import Definition, Limits
from ashore.drivers.virtualbox.names import Names
from ashore.model.types import Machine
from tests.unit.components.golden import check
from tests.unit.drivers.virtualbox.stacks import CONTROLPLANE, GATEWAY

HERE = Path(__file__).parent
GOLDEN = Path("/cache/disk/1234.vdi/ashore-debian-trixie-amd64.vdi")


def commands(wanted: Machine, **further: Path) -> str:
    layout = Layout(Path("/state/demo/machines") / wanted.name)
    made = machine.make(Definition(Names("demo"), wanted, layout, GOLDEN, further))
    return "".join(f"VBoxManage {shlex.join(argv)}\n" for argv in made)


def test_making_the_gateway() -> None:
    check(HERE, "gateway.txt", commands(GATEWAY))


def test_making_a_machine_with_further_disks() -> None:
    data, programs = Path("/cache/vmdisk/1/data.vdi"), Path("/cache/vmdisk/2/programs.vdi")
    made = commands(CONTROLPLANE, **{serial("/var/lib/etcd"): data, PROGRAMS: programs})
    check(HERE, "controlplane.txt", made)


@pytest.mark.parametrize(
    ("cpus", "wanted"),
    [(0.5, (1, 50)), (1.0, (1, 100)), (1.5, (2, 75)), (2.25, (3, 75)), (0.001, (1, 1))],
)
def test_parts_of_processors_are_a_cap(cpus: float, wanted: tuple[int, int]) -> None:
    assert machine.limits(replace(GATEWAY, cpus=cpus)) == Limits(*wanted, 1024)


def test_closing_a_medium_deletes_only_when_told() -> None:
    assert machine.close("disk", "1", delete=False) == ["closemedium", "disk", "1"]
    assert machine.close("disk", "1", delete=True) == ["closemedium", "disk", "1", "--delete"]
