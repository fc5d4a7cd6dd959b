"""The power of the stack's machines, switched one reset at a time and never guessed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from enum import StrEnum

from ashore.bmc.limits import Limits
from ashore.drivers.base import Power, PowerState

States = Callable[[], Awaitable[dict[str, PowerState]]]
"""Every machine of the stack that exists and its state, as `Driver.states`."""


class ResetType(StrEnum):
    """What a reset may ask for: Redfish's names of what a power cord can do."""

    ON = "On"
    FORCE_ON = "ForceOn"
    FORCE_OFF = "ForceOff"
    FORCE_RESTART = "ForceRestart"
    POWER_CYCLE = "PowerCycle"


class Reading(StrEnum):
    """Redfish's PowerState."""

    ON = "On"
    OFF = "Off"
    POWERING_ON = "PoweringOn"
    POWERING_OFF = "PoweringOff"


class DriverFailed(Exception):
    """The driver failed or did not answer in time; what it said is the message."""


class Busy(Exception):
    """Too many resets of this machine run or wait."""


class Systems:
    """Machines by name.

    A machine is reported off, and a reset to off is done, only when the driver
    said so after the last switch: whoever fences relies on it.
    """

    def __init__(
        self, power: Power, states: States, names: Collection[str], limits: Limits
    ) -> None:
        self._power = power
        self._states = states
        self._limits = limits
        self._locks = {name: asyncio.Lock() for name in names}
        self._doing: dict[str, Reading] = {}
        self._switches = Counter[str]()  # begun, by machine
        self._queued = Counter[str]()
        self._running: set[asyncio.Task[None]] = set()

    async def reading(self, name: str) -> Reading | None:
        """The power state now; None if the machine does not exist.

        While a reset runs this answers at once, without the driver.

        Raises:
            DriverFailed: it is not known.
        """
        while True:
            if doing := self._doing.get(name):
                return doing
            begun = self._switches[name]
            state = await self._observe(name)
            # What was seen before a switch says nothing about the time after it.
            if begun == self._switches[name]:
                return {PowerState.ON: Reading.ON, PowerState.OFF: Reading.OFF}.get(state)

    async def reset(self, name: str, kind: ResetType) -> None:
        """Switch a machine; returns when it is in the state asked for.

        A reset that began goes on to its end when its caller is cancelled.

        Raises:
            Busy: refused, nothing was done.
            DriverFailed: the machine may be in any state; `reading` tells.
        """
        if self._queued[name] >= self._limits.queue:
            raise Busy
        self._queued[name] += 1
        task = asyncio.create_task(self._in_turn(name, kind))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for the resets that run, at most `Limits.grace`."""
        if self._running:
            await asyncio.wait(self._running, timeout=self._limits.grace)

    async def _in_turn(self, name: str, kind: ResetType) -> None:
        try:
            async with self._locks[name], asyncio.timeout(self._limits.reset):
                if kind not in (ResetType.ON, ResetType.FORCE_ON):
                    await self._switch(name, PowerState.OFF)
                if kind is not ResetType.FORCE_OFF:
                    await self._switch(name, PowerState.ON)
        except TimeoutError as error:
            raise DriverFailed(f"no end after {self._limits.reset:.0f} s") from error
        finally:
            self._queued[name] -= 1

    async def _switch(self, name: str, wanted: PowerState) -> None:
        on = wanted is PowerState.ON
        self._switches[name] += 1
        self._doing[name] = Reading.POWERING_ON if on else Reading.POWERING_OFF
        try:
            await (self._power.power_on(name) if on else self._power.power_off(name))
            seen = await self._observe(name)
        except DriverFailed:
            raise
        except Exception as error:
            raise DriverFailed(str(error) or type(error).__name__) from error
        finally:
            del self._doing[name]
        if seen is not wanted:
            raise DriverFailed(f"{name} is {seen} after it was switched {wanted}")

    async def _observe(self, name: str) -> PowerState:
        try:
            async with asyncio.timeout(self._limits.state):
                states = await self._states()
        except TimeoutError as error:
            raise DriverFailed(f"no power state within {self._limits.state:.0f} s") from error
        except Exception as error:  # a bug of a driver must not read as a state either
            raise DriverFailed(f"no power state: {str(error) or type(error).__name__}") from error
        return states.get(name, PowerState.ABSENT)
