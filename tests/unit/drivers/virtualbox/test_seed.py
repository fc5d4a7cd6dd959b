from pathlib import Path

from ashore.drivers.base import Blueprint
from ashore.drivers.virtualbox import seed
from ashore.drivers.virtualbox.names import Names
from tests.unit.components.golden import check
from tests.unit.drivers.virtualbox.stacks import CONTROLPLANE, GATEWAY, blueprint

HERE = Path(__file__).parent


def documents(wanted: Blueprint, *, programs: bool = True, uplink: bool = True) -> dict[str, str]:
    return dict(seed.documents(Names("demo"), wanted, programs=programs, uplink=uplink))


def test_only_the_gateway_has_a_second_card() -> None:
    found = documents(blueprint(GATEWAY))
    check(HERE, "network-config", found["network-config"])
    other = documents(blueprint(CONTROLPLANE))
    assert other["network-config"] == blueprint(CONTROLPLANE).network_config


def test_without_an_uplink_the_second_card_leads_nowhere_else() -> None:
    text = documents(blueprint(GATEWAY), uplink=False)["network-config"]
    assert text == documents(blueprint(GATEWAY))["network-config"] + "      use-routes: false\n"


def test_disks_are_mounted_and_tunnels_permitted_by_the_vendors_share() -> None:
    found = documents(blueprint(GATEWAY, "/var/lib/registry", "/srv/more"))
    check(HERE, "vendor-data", found["vendor-data"])
    other = documents(blueprint(CONTROLPLANE), programs=False)["vendor-data"]
    assert "PermitTunnel" not in other
    assert "programs" not in other


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "seed.iso"
    assert seed.load(file) == {}
    wanted = documents(blueprint(GATEWAY, "/var/lib/etcd"))
    wanted["user-data"] += "x: ü\n" * 20000
    seed.save(file, wanted)
    assert seed.load(file) == wanted
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"CIDATA" in file.read_bytes()[32768:34816]
