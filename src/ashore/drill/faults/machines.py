"""Machines that lose power, or stop where they are."""

from dataclasses import dataclass
from typing import cast

from ashore.drill.fault import Targets, World
from ashore.drill.faults.described import (
    TAKEN_OVER,
    UNNOTICED,
    Choose,
    Described,
    holder,
    last,
    off_or_disturbed,
    standby,
    switch_on,
)
from ashore.drill.verdict import Bound
from ashore.drivers.base import Freeze, Power
from ashore.model.types import Role
from ashore.together import together


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed(Described):
    """The cord is pulled, of every target."""

    chooses: Choose
    needs: tuple[type, ...] = (Power,)

    async def choose(self, world: World) -> dict[str, str]:
        """See `Fault`."""
        return await self.chooses(world)

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        power = cast("Power", world.driver)
        await together(*(power.power_off(machine) for machine in self._hit(on)))

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        for machine in on.values():
            await switch_on(world, machine)

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`."""
        return await off_or_disturbed(world, *on.values())

    def _hit(self, on: Targets) -> list[str]:
        return [name for word, name in on.items() if word != "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen(Killed):
    """Everything on the machine stops where it is; its network stack still answers."""

    needs: tuple[type, ...] = (Power, Freeze)

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await cast("Freeze", world.driver).freeze(on["machine"])

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await cast("Freeze", world.driver).thaw(on["machine"])
        for machine in on.values():
            await switch_on(world, machine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended(Killed):
    """What machines cannot get over by themselves: `ashore up` brings them back."""

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await world.mend()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted(Mended):
    """The machine is gone with everything on its disks."""

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await world.driver.remove(on["machine"])


async def _every(world: World) -> dict[str, str]:
    return {m.name: m.name for m in world.stack.machines}


async def _both(world: World) -> dict[str, str]:
    machines = world.machines(Role.LOADBALANCER)
    return {f"balancer{m.index}": m.name for m in machines}


FAULTS = (
    Killed(
        name="holder-killed",
        title="the load balancer with the floating IP loses power",
        does="switch {machine} off, which has the floating IP; switch it on again later",
        expected=(
            "{other} serves the floating IP within seconds: it misses {machine}'s messages, the"
            " quorum device gives it the majority, and it makes sure that {machine} is off first"
        ),
        lasts=12.0,
        bounds=TAKEN_OVER,
        chooses=holder,
    ),
    Killed(
        name="standby-killed",
        title="the load balancer without the floating IP loses power",
        does="switch {machine} off, which has not the floating IP; switch it on again later",
        expected=(
            "clients notice nothing: {other} and the quorum device are two of three votes, so"
            " the floating IP stays where it is"
        ),
        lasts=8.0,
        bounds=UNNOTICED,
        chooses=standby,
    ),
    Frozen(
        name="holder-frozen",
        title="the load balancer with the floating IP hangs as a whole",
        does="freeze everything on {machine}, which has the floating IP; thaw it later",
        expected=(
            "{other} has {machine} powered off and serves the floating IP: a frozen machine that"
            " woke up later would believe that it still has the address"
        ),
        lasts=15.0,
        bounds=(Bound("api", gap=6.0), Bound("writes", gap=9.0)),
        chooses=holder,
    ),
    Killed(
        name="balancers-killed",
        title="both load balancers lose power and come back",
        does="switch off every load balancer at once; switch them on again later",
        expected=(
            "nothing is served while they are off; afterwards they find each other and the quorum"
            " device, and one of them takes the floating IP"
        ),
        lasts=5.0,
        bounds=(Bound("api", gap=60.0), Bound("writes", gap=60.0)),
        chooses=_both,
    ),
    Killed(
        name="controlplane-killed",
        title="a control plane loses power",
        does="switch {machine} off; switch it on again later",
        expected=(
            "new connections are served by the others: HAProxy tries another server when one does"
            " not answer and takes {machine} out after two failed checks; etcd keeps its majority."
            " Requests that were on {machine} fail"
        ),
        lasts=15.0,
        bounds=(Bound("api", gap=2.5), Bound("held", gap=8.0), Bound("writes", gap=8.0)),
        chooses=last(Role.CONTROLPLANE),
    ),
    Killed(
        name="gateway-killed",
        title="the gateway loses power: no DHCP, no DNS, no quorum device",
        does="switch {machine} off; switch it on again later",
        expected=(
            "the API is served as before: the load balancers are two of three votes without the"
            " quorum device. Names are not resolved until {machine} is back"
        ),
        lasts=10.0,
        bounds=(*UNNOTICED, Bound("names", gap=45.0)),
        chooses=last(Role.GATEWAY),
    ),
    Deleted(
        name="controlplane-replaced",
        title="a control plane is lost with its data and replaced",
        does="delete {machine} with its disks; make it anew by `ashore up`",
        expected=(
            "the others serve as when it is killed. `up` removes its member from etcd, and the new"
            " machine joins and receives the data"
        ),
        lasts=10.0,
        recovers=240.0,
        bounds=(Bound("api", gap=2.5), Bound("held", gap=8.0), Bound("writes", gap=8.0)),
        chooses=last(Role.CONTROLPLANE),
    ),
    Mended(
        name="host-rebooted",
        title="every machine loses power at once",
        does="switch off every machine, as a reboot of the host does; then `ashore up`",
        expected=(
            "nothing is served until `up` has started them; then everything is where it was, and"
            " no acknowledged write is missing"
        ),
        lasts=3.0,
        recovers=240.0,
        bounds=(Bound("api", gap=300.0), Bound("writes", gap=300.0)),
        chooses=_every,
    ),
)
