"""The engine: refusals, the guarantee of the undo, verdicts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import pytest

from ashore.drill import engine, record
from ashore.drill.fault import World
from ashore.drill.measure import Measured
from ashore.drill.verdict import Bound, Check, Verdict
from ashore.drivers.base import Freeze
from ashore.errors import AshoreError, ExitCode
from tests.unit.drill.fakes import FakeFault, FakeMeasurement, FakeWitnessed, Lab


async def test_a_drill_passes(lab: Lab) -> None:
    fault = FakeFault(lasts=0.6)
    measurement = FakeMeasurement(fault)
    outcome = await engine.run(fault, lab.world(), measurement, ())
    assert outcome.verdict is Verdict.PASS, outcome.checks
    assert measurement.left
    assert not fault.broken
    assert record.pending(lab.directory) is None


async def test_it_says_first_what_should_happen(lab: Lab) -> None:
    fault = FakeFault(lasts=0.6)
    await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    assert lab.lines[:2] == [
        "fake-fault: break lb1",
        "fake-fault: expected: nobody notices lb1",
    ]
    assert lab.lines[-1] == "fake-fault: verdict: pass"


async def test_the_fault_is_written_down_before_it_is_made(lab: Lab) -> None:
    fault = FakeFault()
    await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    assert fault.recorded is not None
    assert fault.recorded.drill == "fake-fault"
    assert fault.recorded.targets == {"machine": "lb1"}


async def test_an_unhealthy_stack_is_refused(lab: Lab) -> None:
    lab.wrong = [["w1: node not Ready", "no quorum"]] * 1000
    fault = FakeFault()
    measurement = FakeMeasurement(fault)
    with pytest.raises(AshoreError, match=r"(?s)w1: node not Ready.*no quorum") as caught:
        await engine.run(fault, lab.world(), measurement, (), settles=0.0)
    assert caught.value.exit_code is ExitCode.UNHEALTHY
    assert not measurement.entered
    assert fault.recorded is None


async def test_a_capability_that_the_driver_lacks_is_named(lab: Lab) -> None:
    fault = FakeFault(needs=(Freeze,))
    with pytest.raises(AshoreError, match="the driver fake cannot freeze machines") as caught:
        await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    assert caught.value.exit_code is ExitCode.USAGE


def forever() -> Awaitable[bool]:
    return asyncio.Event().wait()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)


@pytest.mark.parametrize("cancels", [1, 2, 5])
@pytest.mark.parametrize("where", ["breaking", "lasting", "mending"])
async def test_interrupted_anywhere_it_is_undone(lab: Lab, where: str, cancels: int) -> None:
    """Also if the user is impatient."""
    at_mending = asyncio.Event()

    async def hang() -> None:
        await forever()

    async def slow() -> None:
        at_mending.set()
        await asyncio.sleep(0.02)

    fault = FakeFault(mending=slow)
    if where == "breaking":
        fault.breaking = hang
    if where == "lasting":
        fault.lasts = 60
    measurement = FakeMeasurement(fault)
    task = asyncio.create_task(engine.run(fault, lab.world(), measurement, ()))
    await until(lambda: fault.broken)
    if where == "mending":
        await at_mending.wait()
    for _ in range(cancels):
        task.cancel()
        await asyncio.sleep(0.001)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not fault.broken
    assert measurement.left
    assert record.pending(lab.directory) is None


async def test_a_fault_that_fails_half_way_is_undone(lab: Lab) -> None:
    async def fail() -> None:
        raise AshoreError("no such machine")

    fault = FakeFault(breaking=fail)
    with pytest.raises(AshoreError, match="no such machine"):
        await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    assert not fault.broken


async def test_what_cannot_be_undone_stays_written_down_and_is_healed_later(lab: Lab) -> None:
    async def fail() -> None:
        raise AshoreError("the driver is gone")

    fault = FakeFault(mending=fail)
    with pytest.raises(AshoreError, match="could not be undone: the driver is gone"):
        await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    pending = record.pending(lab.directory)
    assert pending is not None
    assert str(pending).startswith("drill fake-fault on machine lb1, begun 20")
    lab.machine.answer("*rm -rf*")
    await engine.heal(pending, replace(fault, mending=FakeFault().mending), lab.world())
    assert not fault.broken
    assert record.pending(lab.directory) is None
    assert "no guest drill-client" in lab.driver.done


async def test_an_outage_above_the_bound_fails(lab: Lab) -> None:
    fault = FakeFault(lasts=0.6, bounds=(Bound("api", 0.3),))
    outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault, down=2.0), ())
    assert outcome.verdict is Verdict.FAIL


async def test_not_served_in_the_end_is_no_pass(lab: Lab) -> None:
    fault = FakeFault(lasts=0.8, bounds=(Bound("api", 60.0),))
    outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault, down=60.0), ())
    assert outcome.verdict is Verdict.UNKNOWN


async def test_a_stack_that_does_not_recover_fails(lab: Lab) -> None:
    lab.wrong = [[], *[["no quorum"]] * 100_000]
    fault = FakeFault(recovers=0.01)
    outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    assert outcome.verdict is Verdict.FAIL
    assert "no quorum" in outcome.checks[0].detail


async def test_without_samples_nothing_is_known(lab: Lab) -> None:
    fault = FakeFault()
    outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault, blank=True), ())
    assert outcome.verdict is Verdict.UNKNOWN


async def test_a_probe_that_crashed_is_no_pass(lab: Lab) -> None:
    fault = FakeFault(lasts=0.6)
    measurement = FakeMeasurement(fault, broken={"client": "exit 1: python"})
    outcome = await engine.run(fault, lab.world(), measurement, ())
    assert outcome.verdict is Verdict.UNKNOWN


async def test_an_audit_that_crashes_is_unknown_and_others_go_on(lab: Lab) -> None:
    async def crash(world: World, measured: Measured, since: datetime) -> list[Check]:
        raise KeyError("status")

    async def sees(world: World, measured: Measured, since: datetime) -> list[Check]:
        return [Check("another", Verdict.PASS, "")]

    fault = FakeFault()
    outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault), (crash, sees))
    assert outcome.verdict is Verdict.UNKNOWN
    assert [c.what for c in outcome.checks][-2:] == ["audit crash", "another"]


async def test_what_is_left_of_a_fault_fails(lab: Lab) -> None:
    class Leaves(FakeFault):
        async def undo(self, world: World, on: object) -> None: ...

    fault = Leaves()
    outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    assert outcome.verdict is Verdict.FAIL


async def test_a_fault_that_looks_itself_ends_when_it_has_seen_enough(lab: Lab) -> None:
    async def sees() -> list[Check]:
        await asyncio.sleep(0.5)
        return [Check("pods run elsewhere", Verdict.PASS, "after 0.50 s", 0.5)]

    fault = FakeWitnessed(lasts=60, sees=sees)
    outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    assert fault.order == ["prepared", "injected", "undone"]
    assert outcome.verdict is Verdict.PASS, outcome.checks
    assert "pods run elsewhere" in [check.what for check in outcome.checks]
    assert outcome.marks.undo - outcome.marks.inject < 30


async def test_a_witness_that_crashed_or_did_not_end_has_seen_nothing(lab: Lab) -> None:
    async def crash() -> list[Check]:
        raise KeyError("status")

    async def endless() -> list[Check]:
        await forever()
        return []

    for sees, why in ((crash, "KeyError"), (endless, "no end within 0.6 s")):
        fault = FakeWitnessed(lasts=0.6, sees=sees)
        outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
        assert outcome.verdict is Verdict.UNKNOWN
        assert why in outcome.checks[0].detail
        assert not fault.broken


async def test_interrupted_while_it_is_watched_it_is_undone(lab: Lab) -> None:
    async def endless() -> list[Check]:
        await forever()
        return []

    fault = FakeWitnessed(lasts=60, sees=endless)
    task = asyncio.create_task(engine.run(fault, lab.world(), FakeMeasurement(fault), ()))
    await until(lambda: fault.broken)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert fault.order[-1] == "undone"
    assert record.pending(lab.directory) is None


async def test_what_could_not_be_prepared_is_undone(lab: Lab) -> None:
    class Unprepared(FakeWitnessed):
        async def prepare(self, world: World, on: object) -> None:
            raise AshoreError("no pod of the drill runs")

    fault = Unprepared()
    with pytest.raises(AshoreError, match="no pod of the drill runs"):
        await engine.run(fault, lab.world(), FakeMeasurement(fault), ())
    assert fault.order == ["undone"]


async def test_probes_that_a_bound_names_run(lab: Lab) -> None:
    fault = FakeFault(bounds=(Bound("api", 1.0), Bound("lease", 1.0)))
    measurement = FakeMeasurement(fault)
    await engine.run(fault, lab.world(), measurement, ())
    assert set(measurement.more) == {"api", "lease"}
