"""The stack's Redfish service: what the load balancers fence through."""

import asyncio
import time
from dataclasses import dataclass

from ashore.components.pacemaker.cib import device
from ashore.drill.fault import Targets, World
from ashore.drill.faults.described import (
    TIDY,
    UNNOTICED,
    Described,
    holder,
    off_or_disturbed,
    run_until_done,
)
from ashore.drill.verdict import Check, Verdict
from ashore.errors import AshoreError
from ashore.together import together

_BACK = 10.0
"""Seconds until it must serve again: it is started anew within 1 s and takes 0.3 s."""

_DEVICES = 30.0
"""Seconds until both devices must work again; each is asked again after a failure."""

_WATCHED = 8.0
"""Seconds in which nobody may be fenced: a load balancer that misses the other one fences it
within three."""

_MENDS = 20.0  # s; afterwards `up` starts it
_LOOK_EVERY = 0.1
_BOOT = ("cat", "/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKilled(Described):
    """The processes that serve Redfish on this computer end as by a crash."""

    async def choose(self, world: World) -> dict[str, str]:
        """See `Fault`."""
        return await holder(world)

    async def prepare(self, world: World, on: Targets) -> None:
        """See `Witnessed`. Nothing is needed that the stack does not have."""

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        if not world.bmc.kill():
            raise AshoreError("the Redfish service does not run on this computer")

    async def witness(self, world: World, on: Targets) -> list[Check]:
        """See `Witnessed`."""
        boots = await _boots(world, on)
        began = time.monotonic()
        # What answers at once may be the process that is about to be killed.
        await asyncio.sleep(_LOOK_EVERY)
        found = [await _serves(world, began)]
        found += await together(*(_works(world, *pair) for pair in _pairs(on)))
        await asyncio.sleep(max(0.0, began + _WATCHED - time.monotonic()))
        same = await _boots(world, on) == boots
        verdict = Verdict.PASS if same else Verdict.FAIL
        detail = "both run since before" if same else "one of them has booted meanwhile"
        return [*found, Check("no load balancer is fenced", verdict, detail)]

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`. It comes back by itself, or else by `up`."""
        deadline = time.monotonic() + _MENDS
        while await world.bmc.drift():
            if time.monotonic() > deadline:
                await world.mend()
                break
            await asyncio.sleep(_LOOK_EVERY)
        await run_until_done(world, on["machine"], TIDY)

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`."""
        wrong = [f"the Redfish service: {each}" for each in await world.bmc.drift()]
        return wrong + await off_or_disturbed(world, *on.values())


def _pairs(on: Targets) -> list[tuple[str, str]]:
    """Who fences whom."""
    return [(on["machine"], on["other"]), (on["other"], on["machine"])]


async def _boots(world: World, on: Targets) -> list[str]:
    """Which boot each load balancer is in."""
    done = await together(*(world.connect(m).run(_BOOT) for m in on.values()))
    return [each.text.strip() for each in done]


async def _serves(world: World, began: float) -> Check:
    what = f"Redfish is served again within {_BACK:g} s"
    while wrong := await world.bmc.drift():
        if time.monotonic() - began > _BACK:
            return Check(what, Verdict.FAIL, "; ".join(wrong))
        await asyncio.sleep(_LOOK_EVERY)
    took = time.monotonic() - began
    return Check(what, Verdict.PASS, f"after {took:.2f} s", round(took, 3))


async def _works(world: World, machine: str, target: str) -> Check:
    """Have the device monitored now; the cluster itself does so once a minute."""
    what = f"{machine} can fence {target} again within {_DEVICES:g} s"
    began = time.monotonic()
    argv = ["stonith_admin", "--query", device(target), "--timeout", "10"]
    while True:
        done = await world.connect(machine).run(argv, check=False, timeout=15)
        took = time.monotonic() - began
        if done.returncode == 0:
            return Check(what, Verdict.PASS, f"its monitor succeeds after {took:.2f} s")
        if took > _DEVICES:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            return Check(what, Verdict.FAIL, f"exit {done.returncode}: {said}")
        await asyncio.sleep(_LOOK_EVERY)


FAULTS = (
    ServiceKilled(
        name="redfish-killed",
        title="the service by which machines are powered off is killed",
        does="kill the stack's Redfish service, the BMC of {machine} and {other}",
        expected=(
            "it is started again by itself within a second or two, and each load balancer can"
            " power the other one off as before. Clients notice nothing and nobody is fenced: a"
            " BMC that does not answer is no reason to"
        ),
        lasts=60.0,
        bounds=UNNOTICED,
    ),
)
