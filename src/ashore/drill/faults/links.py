"""Cables that are cut."""

from dataclasses import dataclass
from typing import cast

from ashore.drill.fault import Targets, World
from ashore.drill.faults.described import Described, holder, off_or_disturbed, switch_on
from ashore.drill.verdict import Bound
from ashore.drivers.base import Links
from ashore.errors import AshoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Described):
    """The link of `machine` is cut; `silently`: the machine sees its carrier all the time."""

    silently: bool
    needs: tuple[type, ...] = (Links,)
    isolates: tuple[str, ...] = ("machine",)

    async def choose(self, world: World) -> dict[str, str]:
        """See `Fault`."""
        return await holder(world)

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await cast("Links", world.driver).link_cut(on["machine"], silently=self.silently)
        await _require(world, on["machine"])

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`. Fencing may have switched a machine off; a new link is whole."""
        for machine in on.values():
            await switch_on(world, machine)
            await cast("Links", world.driver).link_mend(machine)

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`."""
        return await off_or_disturbed(world, *on.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted(Cut):
    """The load balancers do not hear each other, and everybody else hears both."""

    silently: bool = True
    isolates: tuple[str, ...] = ()

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await cast("Links", world.driver).link_part(list(on.values()))
        await _require(world, *on.values())


async def _require(world: World, *machines: str) -> None:
    """Raise unless the links are disturbed now: a fault that was not made proves nothing."""
    disturbed = await cast("Links", world.driver).links_disturbed()
    if whole := [m for m in machines if m not in disturbed]:
        raise AshoreError(f"the link of {' and '.join(whole)} could not be disturbed")


_BOUNDS = (Bound("api", gap=5.0), Bound("held", gap=7.0), Bound("writes", gap=8.0))

FAULTS = (
    Cut(
        name="link-cut",
        title="the cable of the load balancer with the floating IP is cut",
        does="take the carrier from {machine}, which has the floating IP; give it back later",
        expected=(
            "{other} serves the floating IP within seconds: the quorum device hears only {other}"
            " and gives it the majority; {machine} is powered off, or gives up by itself what it"
            " may no longer serve"
        ),
        lasts=12.0,
        bounds=_BOUNDS,
        silently=False,
    ),
    Cut(
        name="link-cut-silently",
        title="packets of the load balancer with the floating IP are lost, its carrier stays",
        does="drop everything from and to {machine}, which has the floating IP, for a while",
        expected=(
            "as with a cut cable: {machine} is judged by whether it is heard, not by its carrier,"
            " so {other} serves within seconds"
        ),
        lasts=12.0,
        bounds=_BOUNDS,
        silently=True,
    ),
    Parted(
        name="balancers-parted",
        title="the load balancers do not hear each other; everybody else hears both",
        does="drop everything between {machine} and {other}, and nothing else, for a while",
        expected=(
            "one of them, by the vote of the quorum device which hears both, serves the floating"
            " IP; the other one is powered off or gives up. The address is never on both"
        ),
        lasts=15.0,
        bounds=_BOUNDS,
    ),
)
