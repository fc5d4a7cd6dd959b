from pathlib import Path

import pytest

from ashore.components.corosync.probe import Quorum, parse, qnetd_listens
from ashore.components.corosync.steps import Cluster
from tests.unit.components.fakes import FakeTransport

HERE = Path(__file__).parent
WHOLE = (HERE / "golden/quorumtool.txt").read_text()
ALONE = "\n".join(
    line.replace("Yes", "No").replace("A,V", "A,NV")
    for line in WHOLE.splitlines()
    if not line.endswith("lb2")
)


def test_quorum_as_corosync_prints_it() -> None:
    assert parse(WHOLE) == Quorum(quorate=True, members=(1, 2), votes=3, expected=3, device=True)
    alone = parse(ALONE)
    assert alone is not None
    assert (alone.quorate, alone.members, alone.device) == (False, (1,), False)
    assert parse("Cannot initialize CMAP service\n") is None


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (WHOLE, []),
        (ALONE, ["lb1 does not see lb2", "lb2 does not see lb2"]),
        ("", ["lb1: Corosync does not answer", "lb2: Corosync does not answer"]),
        (
            WHOLE.replace("A,V", "A,NV"),
            [f"{name} has no vote of the quorum device" for name in ("lb1", "lb2")],
        ),
    ],
)
async def test_what_a_cluster_lacks(text: str, missing: list[str]) -> None:
    transport = FakeTransport(lambda _: (0, text))
    step = Cluster(lambda _: transport, {1: "lb1", 2: "lb2"}, True, ())
    assert await step.drift() == missing


async def test_the_quorum_device_listens() -> None:
    line = "  0: 00000000:151B 00000000:0000 {} 00000000:00000000\n"
    for state, listens in (("0A", True), ("01", False)):
        transport = FakeTransport(lambda _, state=state: (0, line.format(state)))
        assert await qnetd_listens(lambda _, t=transport: t, "gw") is listens
