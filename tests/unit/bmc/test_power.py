import asyncio
from dataclasses import replace

import pytest

from ashore.bmc.limits import Limits
from ashore.bmc.power import Busy, DriverFailed, Reading, ResetType, Systems
from ashore.drivers.base import PowerState
from ashore.errors import AshoreError
from tests.unit.bmc.fakes import LIMITS, MACHINES, Switches


def systems(switches: Switches, limits: Limits = LIMITS) -> Systems:
    return Systems(switches, switches.states, MACHINES, limits)


@pytest.mark.parametrize(
    ("kind", "calls", "then"),
    [
        (ResetType.FORCE_OFF, ["off lb1"], Reading.OFF),
        (ResetType.ON, ["on lb1"], Reading.ON),
        (ResetType.FORCE_ON, ["on lb1"], Reading.ON),
        (ResetType.FORCE_RESTART, ["off lb1", "on lb1"], Reading.ON),
        (ResetType.POWER_CYCLE, ["off lb1", "on lb1"], Reading.ON),
    ],
)
async def test_each_reset_does_what_it_says(
    kind: ResetType, calls: list[str], then: Reading
) -> None:
    switches = Switches()
    bank = systems(switches)
    await bank.reset("lb1", kind)
    assert switches.calls == calls
    assert await bank.reading("lb1") is then


async def test_a_reading_during_a_reset_comes_at_once_and_is_not_off() -> None:
    switches = Switches()
    bank = systems(switches)
    gate = switches.hold("lb1")
    switches.state["lb1"] = PowerState.OFF  # even if the driver said so already
    resetting = asyncio.create_task(bank.reset("lb1", ResetType.FORCE_OFF))
    await switches.begun.get()
    switches.blind = OSError("must not be asked")
    assert await bank.reading("lb1") is Reading.POWERING_OFF
    switches.blind = None
    assert await bank.reading("lb2") is Reading.ON
    gate.set()
    await resetting
    assert await bank.reading("lb1") is Reading.OFF


async def test_resets_of_one_machine_wait_for_each_other() -> None:
    switches = Switches()
    bank = systems(switches)
    gate = switches.hold("lb1")
    first = asyncio.create_task(bank.reset("lb1", ResetType.FORCE_OFF))
    second = asyncio.create_task(bank.reset("lb1", ResetType.ON))
    await switches.begun.get()
    await asyncio.sleep(0)
    assert switches.calls == ["off lb1"]
    gate.set()
    await asyncio.gather(first, second)
    assert switches.calls == ["off lb1", "on lb1"]


async def test_resets_of_different_machines_do_not_wait() -> None:
    switches = Switches()
    bank = systems(switches)
    gate = switches.hold("lb1")
    waits = asyncio.create_task(bank.reset("lb1", ResetType.FORCE_OFF))
    await switches.begun.get()
    await bank.reset("lb2", ResetType.FORCE_OFF)
    assert not waits.done()
    gate.set()
    await waits


async def test_too_many_resets_of_one_machine_are_refused() -> None:
    switches = Switches()
    bank = systems(switches)
    gate = switches.hold("lb1")
    waiting = [
        asyncio.create_task(bank.reset("lb1", ResetType.FORCE_OFF)) for _ in range(LIMITS.queue)
    ]
    await switches.begun.get()
    with pytest.raises(Busy):
        await bank.reset("lb1", ResetType.ON)
    gate.set()
    await asyncio.gather(*waiting)
    await bank.reset("lb1", ResetType.ON)  # the queue is empty again
    assert switches.calls == ["off lb1"] * LIMITS.queue + ["on lb1"]


@pytest.mark.parametrize("error", [AshoreError("no such machine"), OSError(5, "EIO"), KeyError(1)])
async def test_a_driver_that_fails_fails_the_reset_and_the_state_stays_true(
    error: Exception,
) -> None:
    switches = Switches()
    switches.fails = error
    bank = systems(switches)
    with pytest.raises(DriverFailed):
        await bank.reset("lb1", ResetType.FORCE_OFF)
    assert await bank.reading("lb1") is Reading.ON


async def test_off_is_not_believed_without_looking() -> None:
    switches = Switches()
    switches.stuck = True  # returns without an error, and the machine runs on
    bank = systems(switches)
    with pytest.raises(DriverFailed, match="lb1 is on after it was switched off"):
        await bank.reset("lb1", ResetType.FORCE_OFF)
    with pytest.raises(DriverFailed):
        await bank.reset("lb1", ResetType.FORCE_RESTART)
    assert switches.calls == ["off lb1", "off lb1"]  # a restart does not go on to power on


async def test_a_driver_that_hangs_is_ended() -> None:
    switches = Switches()
    switches.hold("lb1")
    bank = systems(switches, replace(LIMITS, reset=0.02))
    with pytest.raises(DriverFailed, match="no end after"):
        await bank.reset("lb1", ResetType.FORCE_OFF)
    assert await bank.reading("lb1") is Reading.ON


async def test_unknown_is_neither_on_nor_off() -> None:
    switches = Switches()
    switches.blind = RuntimeError("cgroups unreadable")
    bank = systems(switches)
    with pytest.raises(DriverFailed, match="cgroups unreadable"):
        await bank.reading("lb1")
    switches.blind = None
    switches.state["lb1"] = PowerState.ABSENT
    assert await bank.reading("lb1") is None
    del switches.state["lb1"]
    assert await bank.reading("lb1") is None


async def test_a_machine_that_went_away_was_not_switched_off() -> None:
    switches = Switches("lb2")
    switches.stuck = True
    with pytest.raises(DriverFailed, match="absent"):
        await systems(switches).reset("lb1", ResetType.FORCE_OFF)


async def test_states_that_never_come_are_unknown() -> None:
    switches = Switches()

    async def never() -> dict[str, PowerState]:
        await asyncio.Event().wait()
        return {}

    with pytest.raises(DriverFailed, match="no power state within"):
        await Systems(switches, never, MACHINES, replace(LIMITS, state=0.02)).reading("lb1")


async def test_what_was_seen_before_a_switch_is_looked_at_again() -> None:
    switches = Switches()
    switches.state["lb1"] = PowerState.OFF
    seen, go = asyncio.Event(), asyncio.Event()

    async def slow() -> dict[str, PowerState]:
        found = dict(switches.state)
        seen.set()
        await go.wait()
        return found

    bank = Systems(switches, slow, MACHINES, LIMITS)
    reading = asyncio.create_task(bank.reading("lb1"))
    await seen.wait()  # it has seen "off"
    resetting = asyncio.create_task(bank.reset("lb1", ResetType.ON))
    await switches.begun.get()
    go.set()
    await resetting
    assert await reading is not Reading.OFF


async def test_a_reset_goes_on_when_its_caller_went_away() -> None:
    switches = Switches()
    bank = systems(switches)
    gate = switches.hold("lb1")
    caller = asyncio.create_task(bank.reset("lb1", ResetType.FORCE_RESTART))
    await switches.begun.get()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    gate.set()
    await bank.finish()
    assert switches.calls == ["off lb1", "on lb1"]
