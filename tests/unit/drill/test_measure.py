"""What the client is told to do."""

from ashore.drill import shared
from ashore.drill.measure import ALWAYS, INTERVALS, probes
from tests.unit.drill.fakes import Lab


def test_a_probe_that_is_not_asked_for_does_not_run(lab: Lab) -> None:
    assert [wish["name"] for wish in probes(lab.world(), ALWAYS)] == [*ALWAYS]
    assert "lease" not in ALWAYS


def test_every_probe_can_be_asked_for(lab: Lab) -> None:
    wishes = {wish["name"]: wish for wish in probes(lab.world(), [*INTERVALS])}
    # The writer on the shared volume is a program of its own.
    own = {name: every for name, every in INTERVALS.items() if name != shared.PROBE}
    assert {name: wish["interval"] for name, wish in wishes.items()} == own
    lease = wishes["lease"]
    assert (lease["address"], lease["range"]) == ("10.77.0.2", ["10.77.0.200", "10.77.0.229"])
