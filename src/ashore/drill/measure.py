"""A client in the stack's network and a watcher of the floating IP, while a fault happens."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import IPv4Interface
from typing import Any, Self

from ashore.drill import shared
from ashore.drill.audits.holders import Look, Transition
from ashore.drill.child import Child
from ashore.drill.fault import World
from ashore.drill.gaps import Sample
from ashore.drivers.base import Guests, Namespaces, Programs
from ashore.errors import AshoreError
from ashore.model.addresses import DRILL
from ashore.model.types import Role
from ashore.surely import surely

GUEST = "drill-client"
WRITTEN = "/api/v1/namespaces/default/configmaps/ashore-drill"

INTERVALS = {
    "api": 0.010,
    "held": 0.100,
    "writes": 0.050,
    "names": 0.050,
    "lease": 0.250,
    shared.PROBE: shared.INTERVAL,
}
"""Probe -> seconds between two attempts."""

ALWAYS = ("api", "held", "writes", "names")
"""Probes of every drill; the others run where a bound names them."""

_WATCH_EVERY = 0.020
_LONGEST = 900.0  # s; the client ends by then whatever became of us
_READY = 120.0  # s; some, but not where something else keeps the processors busy
_ENOUGH = 20  # successes of each probe before anything is broken


@dataclass(slots=True)
class Measured:
    """What was seen. `broken` says why a measuring program saw nothing more, by its name."""

    samples: dict[str, list[Sample]] = field(default_factory=dict[str, list[Sample]])
    transitions: list[Transition] = field(default_factory=list[Transition])
    look: Look | None = None
    broken: dict[str, str] = field(default_factory=dict[str, str])


class Measurement:
    """Measures from entering to leaving; leaves nothing behind in the stack.

    Args:
        more: probes beside those that always run.
    """

    def __init__(self, world: World, more: Collection[str]) -> None:
        self._world = world
        own = [name for name in INTERVALS if name != shared.PROBE]
        self._probes = [name for name in own if name in ALWAYS or name in more]
        self._writes = shared.PROBE in more
        self._children: dict[str, Child] = {}
        self._expected: list[str] = []
        self.measured = Measured()

    async def __aenter__(self) -> Self:
        try:
            await self._begin()
        except BaseException:
            await surely(self._end())
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await surely(self._end())

    async def _begin(self) -> None:
        world, driver = self._world, self._world.driver
        if isinstance(driver, Namespaces):
            lbs = world.stack.of_role(Role.LOADBALANCER)
            wish = {
                "address": str(world.stack.network.floating),
                "interval": _WATCH_EVERY,
                "namespaces": {m.name: str(driver.namespace(m.name)) for m in lbs},
            }
            self._children["watch"] = await Child.start(
                python("ashore.drill.watch"), wish, self._watched
            )
        if isinstance(driver, Guests):
            await world.api.delete(WRITTEN)
            await world.api.apply(_config_map())
            cidr = world.stack.network.cidr
            address = IPv4Interface(f"{cidr[DRILL.first]}/{cidr.prefixlen}")
            enter = await driver.guest_add(GUEST, address)
            wish = {"seconds": _LONGEST, "probes": probes(world, self._probes)}
            self._children["client"] = await Child.start(
                [*enter, *python("ashore.drill.client")], wish, self._sampled
            )
            self._expected += self._probes
        writer = shared.writer(world)
        if self._writes and writer is not None and isinstance(driver, Programs):
            await shared.clean(world)
            self._children["writer"] = await Child.start(
                driver.inside(writer.name, shared.command()),
                shared.wish(world, _LONGEST),
                self._sampled,
            )
            self._expected.append(shared.PROBE)

    def _sampled(self, line: list[Any]) -> None:
        probe, *rest = line
        self.measured.samples.setdefault(probe, []).append(Sample(*rest))

    def _watched(self, line: dict[str, Any]) -> None:
        if "machine" in line:
            self.measured.transitions.append(Transition(**line))
        elif "looks" in line:
            self.measured.look = Look(line["ended"], line["looks"], line["longest"])

    async def ready(self) -> None:
        """Wait until every probe works.

        Raises:
            AshoreError: one does not; the message says what it sees.
        """
        deadline = time.monotonic() + _READY
        while waits := self._waits():
            if failure := next((c.failure for c in self._children.values() if c.failure), ""):
                raise AshoreError(f"a measuring program ended: {failure}")
            if time.monotonic() > deadline:
                raise AshoreError(f"the probes do not work on the healthy stack: {waits}")
            await asyncio.sleep(0.05)

    def _waits(self) -> str:
        seen = self.measured.samples
        waits: list[str] = []
        for probe in self._expected:
            mine = seen.get(probe, [])
            count = sum(s.ok for s in mine)
            if count < _ENOUGH:
                last = next((s.outcome for s in reversed(mine) if not s.ok), "none failed")
                waits.append(f"{probe}: {count} of {_ENOUGH} answers (last failure: {last})")
        return "; ".join(waits)

    async def stop(self) -> Measured:
        """End the measuring programs; what they saw is complete."""
        for name, child in self._children.items():
            try:
                await child.stop()
            except AshoreError as error:
                self.measured.broken[name] = error.message
            if child.failure:
                self.measured.broken[name] = child.failure
        self._children.clear()
        return self.measured

    async def _end(self) -> None:
        await self.stop()
        await clean(self._world)


async def clean(world: World) -> None:
    """Remove what a measurement puts into the stack; no error if nothing is there."""
    if isinstance(world.driver, Guests):
        await world.driver.guest_remove(GUEST)
    with contextlib.suppress(AshoreError):
        await world.api.delete(WRITTEN)
    await shared.clean(world)


def python(module: str) -> tuple[str, ...]:
    """The command that runs a module of ours."""
    return (sys.executable, "-I", "-m", module)


def probes(world: World, names: Collection[str]) -> list[dict[str, Any]]:
    """What the client is told to do, for the probes of these names."""
    stack = world.stack
    server = {
        "address": str(stack.network.floating),
        "port": 6443,
        "server": stack.api_name,
        "authority": world.authority,
    }
    known = server | {"identity": world.identity}
    gateway = {"address": str(stack.network.gateway)}
    first, last = stack.network.dynamic
    every = [
        server | _every("api", "request", 1.0) | {"path": "/version"},
        server | _every("held", "held", 1.0) | {"path": "/version"},
        known | _every("writes", "write", 2.0) | {"path": WRITTEN},
        gateway | _every("names", "name", 0.5) | {"port": 53, "query": stack.api_name},
        gateway
        | _every("lease", "lease", 1.0)
        | {"link": "eth0", "range": [str(first), str(last)]},
    ]
    return [wish for wish in every if wish["name"] in names]


def _every(name: str, kind: str, deadline: float) -> dict[str, Any]:
    return {"name": name, "kind": kind, "interval": INTERVALS[name], "deadline": deadline}


def _config_map() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "default", "name": WRITTEN.rpartition("/")[2]},
    }
