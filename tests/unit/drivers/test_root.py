import stat
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ashore.drivers.base import Blueprint
from ashore.drivers.nspawn import root
from ashore.drivers.nspawn.layout import Definition, Layout
from ashore.model.types import Machine, Role

BLUEPRINT = Blueprint(
    Machine("w1", Role.WORKER, 1, IPv4Address("10.77.0.100"), "02:00:00:00:00:64", 2.0, 1 << 30),
    user_data="#cloud-config\n",
    meta_data="instance-id: demo-w1\n",
    network_config="version: 2\n",
    data=("/var/lib/etcd",),
)


@pytest.fixture
def made(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "w1")
    root.build(layout, BLUEPRINT, "demo", legacy=True)
    return layout


def test_the_seed_is_there_and_private(made: Layout) -> None:
    assert (made.seed / "user-data").read_text() == "#cloud-config\n"
    assert (made.seed / "network-config").read_text() == "version: 2\n"
    assert stat.S_IMODE((made.seed / "user-data").stat().st_mode) == 0o600


def test_a_seed_counts_until_it_was_taken(made: Layout) -> None:
    assert not root.seed_differs(made, BLUEPRINT)
    assert root.seed_differs(made, replace(BLUEPRINT, meta_data="instance-id: other\n"))
    assert not made.booted
    instance = made.upper / "var/lib/cloud/instance"
    instance.symlink_to("/var/lib/cloud/instances/demo-w1")
    assert made.booted


def test_identities_differ_by_stack_and_machine(tmp_path: Path) -> None:
    other = replace(BLUEPRINT, machine=replace(BLUEPRINT.machine, name="w2"))
    seen: set[str] = set()
    for i, (stack, blueprint) in enumerate(
        [("demo", BLUEPRINT), ("demo", other), ("two", BLUEPRINT)]
    ):
        layout = Layout(tmp_path / str(i))
        root.build(layout, blueprint, stack, legacy=False)
        seen.add((layout.upper / "etc/machine-id").read_text())
    assert len(seen) == 3
    assert all(int(identity, 16) and len(identity) == 33 for identity in seen)


def test_nothing_is_written_below_usr(made: Layout) -> None:
    """A younger /usr makes systemd rebuild caches at boot."""
    assert not (made.upper / "usr").exists()


def test_masked_units_point_to_null(made: Layout) -> None:
    unit = made.upper / "etc/systemd/system/systemd-udevd.service"
    assert str(unit.readlink()) == "/dev/null"


def test_building_again_is_no_error(made: Layout) -> None:
    root.build(made, BLUEPRINT, "demo", legacy=True)


def test_a_definition_survives_being_saved(tmp_path: Path, definition: Definition) -> None:
    layout = Layout(tmp_path / "lb1")
    assert layout.load() is None
    layout.save(definition)
    assert layout.load() == definition
