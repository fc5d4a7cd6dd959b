"""What the driver hands to other programs, as golden files."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from ashore.drivers.nspawn import command, legacy, root, systemd
from ashore.drivers.nspawn.layout import Definition, Layout
from ashore.drivers.shared import uplink
from ashore.drivers.shared.names import Names
from ashore.model.types import Network
from tests.unit.components.golden import check

HERE = Path(__file__).parent
DEMO = Names("demo")


@pytest.fixture(autouse=True)
def host_with_fuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "FUSE", Path("/dev/null"))


def lines(argv: list[str]) -> str:
    return "".join(f"{argument}\n" for argument in argv)


def test_the_unit_of_a_machine(definition: Definition, layout: Layout) -> None:
    check(HERE, "unit.txt", lines(systemd.argv(definition, layout, DEMO, 257)))
    assert "DelegateSubgroup" not in lines(systemd.argv(definition, layout, DEMO, 252))


def test_the_start_script_of_a_machine(definition: Definition, layout: Layout) -> None:
    groups = [
        Path("/sys/fs/cgroup/memory/ashore-demo/lb1"),
        Path("/sys/fs/cgroup/u/ashore-demo/lb1"),
    ]
    check(HERE, "start.sh", legacy.script(definition, layout, DEMO, groups))


def test_what_runs_first_in_a_machine() -> None:
    check(HERE, "early-legacy.sh", root.early(legacy=True))
    check(HERE, "early.sh", root.early(legacy=False))


def test_the_hosts_table_of_an_uplink() -> None:
    network = Network(
        cidr=IPv4Network("10.77.0.0/24"),
        domain="demo.internal",
        host=IPv4Address("10.77.0.1"),
        bmc=IPv4Address("10.77.0.3"),
        gateway=IPv4Address("10.77.0.2"),
        floating=IPv4Address("10.77.0.10"),
        dynamic=(IPv4Address("10.77.0.200"), IPv4Address("10.77.0.229")),
        services=(IPv4Address("10.77.0.230"), IPv4Address("10.77.0.254")),
        uplink="auto",
    )
    check(HERE, "uplink.nft", uplink.rules(DEMO, network))
