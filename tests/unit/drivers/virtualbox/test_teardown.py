from pathlib import Path

from ashore.drivers.virtualbox.teardown import leaves_first, within
from ashore.drivers.virtualbox.vboxmanage import Medium

GOLDEN = Medium("g", None, "/cache/golden.vdi")
ROOT = Medium("r", "g", "/state/gw/root.vdi")
SNAPSHOT = Medium("s", "r", "/state/gw/vm/Snapshots/s.vdi")
DATA = Medium("d", None, "/state/gw/data-1.vdi")


def test_clones_come_before_their_base() -> None:
    ordered = leaves_first([ROOT, DATA, SNAPSHOT])
    assert ordered.index(SNAPSHOT) < ordered.index(ROOT)
    assert sorted(m.uuid for m in ordered) == ["d", "r", "s"]


def test_the_golden_disk_is_in_no_machines_directory() -> None:
    assert within([GOLDEN, ROOT, SNAPSHOT, DATA], Path("/state/gw")) == [ROOT, SNAPSHOT, DATA]
    assert within([ROOT], Path("/state/g")) == []
