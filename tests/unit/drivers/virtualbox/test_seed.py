from pathlib import Path

from ashore.drivers.virtualbox import seed
from ashore.drivers.virtualbox.names import Names
from tests.unit.components.golden import check
from tests.unit.drivers.virtualbox.stacks import CONTROLPLANE, GATEWAY, blueprint

HERE = Path(__file__).parent


def test_only_the_gateway_has_a_second_card() -> None:
    documents = seed.documents(Names("demo"), blueprint(GATEWAY))
    check(HERE, "network-config", documents["network-config"])
    other = seed.documents(Names("demo"), blueprint(CONTROLPLANE))
    assert other["network-config"] == blueprint(CONTROLPLANE).network_config
    assert "vendor-data" not in other


def test_data_directories_are_mounted_by_the_vendors_share() -> None:
    wanted = blueprint(CONTROLPLANE, "/var/lib/etcd", "/srv/more")
    documents = seed.documents(Names("demo"), wanted)
    check(HERE, "vendor-data", documents["vendor-data"])


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "seed.iso"
    assert seed.load(file) == {}
    documents = dict(seed.documents(Names("demo"), blueprint(GATEWAY, "/var/lib/etcd")))
    documents["user-data"] += "x: ü\n" * 20000
    seed.save(file, documents)
    assert seed.load(file) == documents
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"CIDATA" in file.read_bytes()[32768:34816]
