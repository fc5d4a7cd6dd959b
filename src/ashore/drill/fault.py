"""What a drill breaks, and what it works with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ashore.components.pacemaker import probe as pacemaker
from ashore.drill.verdict import Bound, Check
from ashore.drivers.base import Driver
from ashore.errors import AshoreError
from ashore.events import Emit
from ashore.model.types import Machine, Role, Stack
from ashore.transport.base import Connect
from ashore.transport.kubeapi import KubeApi

Targets = Mapping[str, str]
"""What a fault hits: a word for the texts ("machine") -> the name."""


class Bmc(Protocol):
    """The stack's Redfish service on this computer."""

    def kill(self) -> list[int]:
        """End it as a crash does, and not what starts it again; the processes that were killed."""
        ...

    async def drift(self) -> list[str]:
        """What is wrong with what it answers; empty if it serves."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """The stack under test.

    Attributes:
        directory: where drills keep their records; made when it is needed.
        api: asked directly on the control planes, not through the floating IP.
        authority: the cluster's CA (PEM). identity: file with the
            administrator's certificate and key.
        bmc: by which the load balancers power each other off.
        steady: what is wrong with the stack now, a phrase each; empty if healthy.
        mend: brings the stack back to what its file says, like `up`.
        facts: kept with every result: stack file, versions, computer.
        demo: the address of the demo's page; empty if it is not up.
    """

    stack: Stack
    driver: Driver
    connect: Connect
    directory: Path
    api: KubeApi
    authority: str
    identity: str
    bmc: Bmc
    steady: Callable[[], Awaitable[list[str]]]
    mend: Callable[[], Awaitable[None]]
    emit: Emit
    facts: Mapping[str, Any]
    demo: str = ""

    async def holder(self) -> str:
        """The load balancer that has the floating IP.

        Raises:
            AshoreError: not exactly one has it.
        """
        found = await pacemaker.holders(self.connect, self.stack)
        if len(found) != 1:
            raise AshoreError(f"the floating IP is on {' and '.join(found) or 'no machine'}")
        return found[0]

    async def standby(self) -> str:
        """A load balancer that has not the floating IP."""
        holder = await self.holder()
        return next(m.name for m in self.machines(Role.LOADBALANCER) if m.name != holder)

    def machines(self, role: Role) -> tuple[Machine, ...]:
        """The machines of a role, at least one.

        Raises:
            AshoreError: the stack has none.
        """
        found = self.stack.of_role(role)
        if not found:
            raise AshoreError(f"{self.stack.name} has no {role}")
        return found


class Fault(Protocol):
    """One way to break a stack, and how to take it back.

    Faults have no state of their own: what they hit is in the targets, which
    are written down before anything is broken. So another process can undo
    what one that died has done.

    Attributes:
        name: stable: `holder-killed`.
        title: for lists, a few words.
        does: what will be done; `{machine}` and other targets are filled in.
        expected: what should happen then, and why.
        needs: capabilities of the driver (`drivers.base.Power`).
        lasts: seconds from the injection to the undoing; at most, if it is `Witnessed`.
        recovers: seconds after the undoing in which the stack must be healthy.
        bounds: what the probes may show at most, from injection to health.
        isolates: the words of targets that nobody reaches while it lasts.
        roles: of which the stack must have machines.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def does(self) -> str: ...
    @property
    def expected(self) -> str: ...
    @property
    def needs(self) -> tuple[type, ...]: ...
    @property
    def lasts(self) -> float: ...
    @property
    def recovers(self) -> float: ...
    @property
    def bounds(self) -> tuple[Bound, ...]: ...
    @property
    def isolates(self) -> tuple[str, ...]: ...
    @property
    def roles(self) -> tuple[Role, ...]: ...

    async def choose(self, world: World) -> dict[str, str]:
        """Decide what to hit. Changes nothing; the stack is healthy."""
        ...

    async def inject(self, world: World, on: Targets) -> None:
        """Break it. Returns when it is broken; may be cancelled anywhere."""
        ...

    async def undo(self, world: World, on: Targets) -> None:
        """Take it back, however much of it was done. No error if nothing was."""
        ...

    async def left(self, world: World, on: Targets) -> list[str]:
        """What is still there of the fault, a phrase each."""
        ...


@runtime_checkable
class Witnessed(Protocol):
    """Optional: a fault that looks itself at what the probes cannot see."""

    async def prepare(self, world: World, on: Targets) -> None:
        """Put into the stack what it looks at. `undo` removes it."""
        ...

    async def witness(self, world: World, on: Targets) -> list[Check]:
        """What it sees from the moment of the injection on; the fault is undone when it ends."""
        ...


@runtime_checkable
class Particular(Protocol):
    """Optional: a fault of something that not every stack has."""

    def lacks(self, world: World) -> str:
        """What the stack has not got; empty if it can be broken."""
        ...
