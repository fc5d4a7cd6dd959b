"""A stack that only remembers what was done to it."""

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from ashore.drill import record
from ashore.drill.audits.holders import Look, Transition
from ashore.drill.fault import Targets, World
from ashore.drill.gaps import Span
from ashore.drill.measure import INTERVALS, Measured
from ashore.drill.verdict import Bound, Check
from ashore.drivers.base import PowerState
from ashore.events import Event, Note
from ashore.model.load import loads_stack
from ashore.model.types import Role
from ashore.transport.fake import RecordingTransport
from ashore.transport.kubeapi import object_path
from tests.unit.drill.test_gaps import NEVER, ticks


@dataclass
class FakeDriver:
    """Has `Power`, `Guests` and `Namespaces`, and neither `Freeze` nor `Links`."""

    name: str = "fake"
    off: set[str] = field(default_factory=set[str])
    done: list[str] = field(default_factory=list[str])

    async def states(self) -> dict[str, PowerState]:
        machines = ("gw", "lb1", "lb2", "cp1", "cp2", "cp3", "w1", "w2")
        return {m: PowerState.OFF if m in self.off else PowerState.ON for m in machines}

    async def power_on(self, name: str) -> None:
        self.done.append(f"on {name}")
        self.off.discard(name)

    async def power_off(self, name: str) -> None:
        self.done.append(f"off {name}")
        self.off.add(name)

    async def guest_add(self, name: str, address: object) -> tuple[str, ...]:
        self.done.append(f"guest {name} {address}")
        return ()

    async def guest_remove(self, name: str) -> None:
        self.done.append(f"no guest {name}")

    def namespace(self, name: str) -> Path:
        return Path("/nowhere") / name


@dataclass
class FakeApi:
    objects: dict[str, Any] = field(default_factory=dict[str, Any])

    async def get(self, path: str) -> Any:
        return self.objects.get(path)

    async def apply(self, wanted: Any) -> None:
        self.objects[object_path(wanted)] = wanted

    async def delete(self, path: str) -> None:
        self.objects.pop(path, None)


@dataclass
class FakeBmc:
    """Serves again at the look after those that `wrong` answers."""

    pids: list[int] = field(default_factory=lambda: [4711])
    wrong: list[list[str]] = field(default_factory=list[list[str]])
    kills: int = 0

    def kill(self) -> list[int]:
        self.kills += 1
        return self.pids

    async def drift(self) -> list[str]:
        return self.wrong.pop(0) if self.wrong else []


@dataclass
class Lab:
    """What a test looks at."""

    directory: Path
    driver: FakeDriver = field(default_factory=FakeDriver)
    api: FakeApi = field(default_factory=FakeApi)
    bmc: FakeBmc = field(default_factory=FakeBmc)
    machine: RecordingTransport = field(default_factory=RecordingTransport)
    wrong: list[list[str]] = field(default_factory=list[list[str]])
    events: list[Event] = field(default_factory=list[Event])
    mended: int = 0

    async def steady(self) -> list[str]:
        """Each answer of `wrong` once, then healthy."""
        return self.wrong.pop(0) if self.wrong else []

    @property
    def lines(self) -> list[str]:
        return [event.line for event in self.events if isinstance(event, Note)]

    def world(self) -> World:
        async def mend() -> None:
            self.mended += 1

        return World(
            stack=loads_stack("apiVersion: ashore/v1\nkind: Stack\n", "test"),
            driver=cast("Any", self.driver),
            connect=lambda _: self.machine,
            directory=self.directory,
            api=cast("Any", self.api),
            authority="",
            identity="",
            bmc=self.bmc,
            steady=self.steady,
            mend=mend,
            emit=self.events.append,
            facts={"kubernetes": "1.37.2"},
        )


async def nothing() -> None:
    """Work that ends at once."""


@dataclass
class FakeFault:
    """Breaks a set; where it stops can be chosen."""

    name: str = "fake-fault"
    title: str = "something breaks"
    does: str = "break {machine}"
    expected: str = "nobody notices {machine}"
    needs: tuple[type, ...] = ()
    lasts: float = 0.0
    recovers: float = 1.0
    bounds: tuple[Bound, ...] = (Bound("api", 1.0),)
    isolates: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    broken: set[str] = field(default_factory=set[str])
    breaking: Callable[[], Awaitable[None]] = nothing
    mending: Callable[[], Awaitable[None]] = nothing
    recorded: record.Pending | None = None
    broken_at: float = 0.0

    async def choose(self, world: World) -> dict[str, str]:
        return {"machine": "lb1"}

    async def inject(self, world: World, on: Targets) -> None:
        self.recorded = record.pending(world.directory)
        self.broken_at = time.monotonic()
        self.broken.add(on["machine"])
        await self.breaking()

    async def undo(self, world: World, on: Targets) -> None:
        await self.mending()
        self.broken.discard(on["machine"])

    async def left(self, world: World, on: Targets) -> list[str]:
        return sorted(self.broken)


@dataclass
class FakeWitnessed(FakeFault):
    """Looks itself at what happens."""

    sees: Callable[[], Awaitable[list[Check]]] | None = None
    order: list[str] = field(default_factory=list[str])

    async def prepare(self, world: World, on: Targets) -> None:
        assert record.pending(world.directory) is not None
        assert not self.broken
        self.order.append("prepared")

    async def inject(self, world: World, on: Targets) -> None:
        self.order.append("injected")
        await FakeFault.inject(self, world, on)

    async def undo(self, world: World, on: Targets) -> None:
        self.order.append("undone")
        await FakeFault.undo(self, world, on)

    async def witness(self, world: World, on: Targets) -> list[Check]:
        return [] if self.sees is None else await self.sees()


@dataclass
class FakeMeasurement:
    """Has seen an outage that begins with the fault, and nothing else.

    Attributes:
        blank: nothing was seen at all.
        broken: as in `Measured`.
    """

    fault: FakeFault
    down: float = 0.0
    blank: bool = False
    broken: dict[str, str] = field(default_factory=dict[str, str])
    entered: bool = False
    left: bool = False

    def __call__(self, world: World, more: Collection[str]) -> Self:
        self.more = more
        return self

    async def __aenter__(self) -> Self:
        self.entered = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.left = True

    async def ready(self) -> None: ...

    async def stop(self) -> Measured:
        if self.blank:
            return Measured()
        at = self.fault.broken_at
        seen = all_well(at - 1, time.monotonic() + 0.1, Span(at, at + self.down))
        seen.broken = self.broken
        return seen


def all_well(began: float, ended: float, down: Span = NEVER) -> Measured:
    """Every probe served, but for a time; the address where it was."""
    return Measured(
        samples={
            name: ticks(began, ended, interval=interval, down=down)
            for name, interval in INTERVALS.items()
        },
        transitions=[Transition("lb1", True, began, began + 0.001)],
        look=Look(ended, 100, 0.02),
    )
