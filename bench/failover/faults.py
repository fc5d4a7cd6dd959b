"""What is done to the load balancer that has the floating IP, and how it is taken back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.failover.floor import Floor

Do = Callable[[Floor, str, str], Awaitable[None]]
"""Gets the floor, the holder, and the other load balancer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault; `aim` is the median gap in seconds that Ashore aims at."""

    name: str
    aim: float
    inject: Do
    undo: Do


async def _kill(floor: Floor, holder: str, other: str) -> None:
    await floor.driver.power_off(holder)


async def _power(floor: Floor, holder: str, other: str) -> None:
    for machine in (holder, other):
        await floor.driver.power_on(machine)


async def _cut(floor: Floor, holder: str, other: str) -> None:
    await floor.driver.link_cut(holder, silently=False)


async def _mend(floor: Floor, holder: str, other: str) -> None:
    await _power(floor, holder, other)
    await floor.driver.link_mend(holder)


def _signal(name: str) -> Do:
    async def send(floor: Floor, holder: str, other: str) -> None:
        # Not there any more where the cluster has killed it meanwhile.
        command = f"systemctl kill --signal={name} haproxy.service"
        await floor.shell(holder, command, check=name == "STOP")

    return send


async def _move(floor: Floor, holder: str, other: str) -> None:
    await floor.shell(holder, floor.setup.moves.format(other=other))


async def _nothing(floor: Floor, holder: str, other: str) -> None:
    """What `Setup.restores` does is enough."""


FAULTS = (
    Fault("machine killed", 1.5, _kill, _power),
    Fault("HAProxy killed", 0.15, _signal("KILL"), _nothing),
    Fault("HAProxy hung", 1.0, _signal("STOP"), _signal("CONT")),
    Fault("link cut", 1.5, _cut, _mend),
    Fault("planned move", 0.1, _move, _nothing),
)
