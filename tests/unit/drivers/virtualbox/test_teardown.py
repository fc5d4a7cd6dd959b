from collections.abc import Sequence
from pathlib import Path

import pytest

from ashore.drivers.virtualbox import teardown
from ashore.drivers.virtualbox.teardown import leaves_first, within
from ashore.drivers.virtualbox.vboxmanage import Medium, VBoxManage
from ashore.host.run import CommandFailed

GOLDEN = Medium("g", None, "/cache/golden.vdi")
ROOT = Medium("r", "g", "/state/gw/root.vdi")
SNAPSHOT = Medium("s", "r", "/state/gw/vm/Snapshots/s.vdi")
DATA = Medium("d", None, "/state/gw/data-1.vdi")


class Forgetful(VBoxManage):
    """Knows no medium to close; `knows` is what it lists."""

    def __init__(self, knows: Sequence[Medium]) -> None:
        super().__init__(["false"])
        self.knows = knows

    async def __call__(self, arguments: Sequence[str], timeout: float = 60.0) -> str:
        assert arguments[0] == "closemedium"
        raise CommandFailed("not fully qualified", "", None)

    async def media(self, what: str = "hdds") -> list[Medium]:
        assert what == "dvds"
        return [*self.knows]


async def test_a_medium_that_is_forgotten_meanwhile_is_closed() -> None:
    await teardown.close(Forgetful([]), "dvd", DATA, delete=False)
    with pytest.raises(CommandFailed):
        await teardown.close(Forgetful([DATA]), "dvd", DATA, delete=False)


def test_clones_come_before_their_base() -> None:
    ordered = leaves_first([ROOT, DATA, SNAPSHOT])
    assert ordered.index(SNAPSHOT) < ordered.index(ROOT)
    assert sorted(m.uuid for m in ordered) == ["d", "r", "s"]


def test_the_golden_disk_is_in_no_machines_directory() -> None:
    assert within([GOLDEN, ROOT, SNAPSHOT, DATA], Path("/state/gw")) == [ROOT, SNAPSHOT, DATA]
    assert within([ROOT], Path("/state/g")) == []
