from collections.abc import Sequence
from pathlib import Path

from ashore.components.pacemaker.probe import Cluster, Resource, cluster, fencing, holders, parse
from ashore.transport.base import MachineDown
from tests.unit.components.fakes import FakeTransport
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent
TEXT = (HERE / "golden/crm_mon.xml").read_text()
FAILURE = (
    '<failures><failure op_key="haproxy_monitor_1000" node="lb1"'
    ' exitstatus="Error occurred" exitreason="" /></failures></pacemaker-result>'
)


def test_the_cluster_as_pacemaker_prints_it() -> None:
    assert parse(TEXT) == Cluster(
        quorate=True,
        dc="lb1",
        online=("lb1", "lb2"),
        resources=(
            Resource("haproxy", "lb1", failed=False),
            Resource("haproxy", "lb2", failed=False),
            Resource("floating-ip", "lb1", failed=False),
        ),
        failures=(),
        fencing=False,
    )


def test_failed_actions_are_named() -> None:
    seen = parse(TEXT.replace("</pacemaker-result>", FAILURE))
    assert seen.failures == ("haproxy_monitor_1000 on lb1: Error occurred",)


async def test_pacemaker_that_does_not_answer() -> None:
    transport = FakeTransport(lambda _: (102, "<pacemaker-result/>"))
    assert await cluster(lambda _: transport, "lb1") is None


async def test_holders_of_the_floating_ip() -> None:
    def holds(argv: Sequence[str]) -> tuple[int, str]:
        assert argv[-1] == "10.77.0.10/32"
        return 0, "2: eth0    inet 10.77.0.10/24 scope global secondary eth0\n"

    def down(_: Sequence[str]) -> tuple[int, str]:
        raise MachineDown("lb2", "the machine is not running")

    machines = {"lb1": FakeTransport(holds), "lb2": FakeTransport(down)}
    assert await holders(machines.__getitem__, demo()) == ["lb1"]


def _fenced(*devices: Resource) -> Cluster:
    return Cluster(True, "lb1", ("lb1", "lb2"), devices, (), fencing=True)


def test_fence_devices_that_work() -> None:
    seen = _fenced(
        Resource("fence-lb1", "lb2", failed=False), Resource("fence-lb2", "lb1", failed=False)
    )
    assert fencing(seen, ["lb1", "lb2"]) == []


def test_fence_devices_that_do_not_are_named() -> None:
    seen = _fenced(Resource("fence-lb1", None, failed=False))
    assert fencing(seen, ["lb1", "lb2"]) == ["fence-lb1 does not work", "there is no fence-lb2"]


def test_fencing_that_is_off() -> None:
    assert fencing(parse(TEXT), ["lb1", "lb2"]) == ["fencing is off"]
