"""What the families of faults have in common."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ashore.drill.fault import Targets, World
from ashore.drill.verdict import Bound
from ashore.drivers.base import Links, Power, PowerState
from ashore.errors import AshoreError
from ashore.model.types import Role
from ashore.together import together
from ashore.transport.base import CommandFailed

Choose = Callable[[World], Awaitable[dict[str, str]]]

TAKEN_OVER = (Bound("api", gap=5.0), Bound("held", gap=7.0), Bound("writes", gap=8.0))
"""Another load balancer serves."""

UNNOTICED = (Bound("api", gap=1.0), Bound("writes", gap=2.0))
"""Clients see nothing but a busy moment."""

TIDY = "crm_resource --cleanup >/dev/null 2>&1 || true"
"""Failed actions are traces of the fault; the cluster would keep them for a while."""

STOPPED = "ps -eo stat=,comm= | awk '$1 ~ /^T/ {{print $2 \" is stopped\"}}'"
"""Prints a line for each process that a SIGSTOP holds."""

_MENDS = 150.0  # s; a machine may have to boot first
_AGAIN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The attributes of a `Fault` that are data."""

    name: str
    title: str
    does: str
    expected: str
    lasts: float
    bounds: tuple[Bound, ...]
    recovers: float = 120.0
    needs: tuple[type, ...] = ()
    isolates: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()


async def holder(world: World) -> dict[str, str]:
    """The load balancer with the floating IP, and another one."""
    found = await world.holder()
    other = next(m.name for m in world.machines(Role.LOADBALANCER) if m.name != found)
    return {"machine": found, "other": other}


async def standby(world: World) -> dict[str, str]:
    """A load balancer without the floating IP, and the one with it."""
    found = await holder(world)
    return {"machine": found["other"], "other": found["machine"]}


def last(role: Role) -> Choose:
    """The last machine of a role: the first is the one that users look at."""

    async def choose(world: World) -> dict[str, str]:
        return {"machine": world.machines(role)[-1].name}

    return choose


def stop(unit: str) -> str:
    """A script that stops a unit's processes where they are."""
    return f"systemctl kill --signal=STOP {unit}"


def resume(unit: str) -> str:
    """A script that lets them go on."""
    return f"systemctl kill --signal=CONT {unit} 2>/dev/null || true; {TIDY}"


async def switch_on(world: World, machine: str) -> None:
    """Power a machine on that the fault, or the cluster's fencing, switched off."""
    if not isinstance(world.driver, Power):
        return
    states = await world.driver.states()
    if states.get(machine) is PowerState.OFF:
        await world.driver.power_on(machine)


async def run_until_done(world: World, machine: str, script: str) -> None:
    """Run a script on a machine that may still be booting, again until it succeeds.

    Raises:
        AshoreError: not within the deadline; the message carries the last failure.
    """
    deadline = time.monotonic() + _MENDS
    while True:
        try:
            await world.connect(machine).run(["sh", "-c", script], timeout=30)
        except CommandFailed as error:
            if time.monotonic() > deadline:
                raise AshoreError(f"{machine}: not mended: {error.message}") from error
            await asyncio.sleep(_AGAIN)
        else:
            return


async def off_or_disturbed(world: World, *machines: str) -> list[str]:
    """Which of these machines are off or have a link that is not as it was."""
    states = await world.driver.states()
    found = [f"{m} is {states.get(m, 'absent')}" for m in machines if states.get(m) != "on"]
    if isinstance(world.driver, Links):
        disturbed = await world.driver.links_disturbed()
        found += [f"the link of {m} is disturbed" for m in machines if m in disturbed]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(Described):
    """A fault that commands on a machine make and take back.

    Attributes:
        chooses: the targets; `machine` is where the commands run.
        breaks, mends: shell scripts. `mends` must succeed however much of
            `breaks` was done, and after a reboot of the machine.
        remains: a script that prints a line for each thing that is left.
        everywhere: the commands run on every target at once.
    """

    chooses: Choose
    breaks: str
    mends: str = ":"
    remains: str = ":"
    everywhere: bool = False

    async def choose(self, world: World) -> dict[str, str]:
        """See `Fault`."""
        return await self.chooses(world)

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        run = ["sh", "-c", self.breaks.format(**on)]
        await together(*(world.connect(m).run(run, timeout=45) for m in self._where(on)))

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        for machine in on.values():
            await switch_on(world, machine)
        script = self.mends.format(**on)
        await together(*(run_until_done(world, m, script) for m in self._where(on)))

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`."""
        run = ["sh", "-c", self.remains.format(**on)]
        found = await off_or_disturbed(world, *on.values())
        for machine in self._where(on):
            done = await world.connect(machine).run(run)
            found += [f"{machine}: {line}" for line in done.text.splitlines()]
        return found

    def _where(self, on: Targets) -> list[str]:
        return list(on.values()) if self.everywhere else [on["machine"]]
