"""One fault on one floor, seen by a client that opens a new connection every 10 ms."""

import asyncio
import time
from dataclasses import dataclass
from ipaddress import IPv4Interface
from typing import Any

from ashore.drill.audits.holders import Look, Transition, holdings, overlaps
from ashore.drill.child import Child
from ashore.drill.gaps import Sample, Span, summarise
from ashore.drill.measure import python
from ashore.model.addresses import DRILL
from ashore.model.types import Role
from bench.failover.faults import Fault
from bench.failover.floor import Floor

_INTERVAL = 0.010
_BEFORE = 1.0
_AT_LEAST = 4.0  # s to look after a fault, however soon it seems to be over
_CALM = 2.0  # s without a failed request are the end of an outage
_PATIENCE = 45.0  # s until an outage is said to have no end
_READY = 30.0


@dataclass(frozen=True, slots=True)
class Result:
    """What the client saw: seconds of the longest gap; `open` if it had no end.

    `both` are the seconds for which two machines held the address, `fenced`
    the resets that were asked for, `lost` the requests that failed.
    """

    gap: float
    open: bool
    lost: int
    both: float
    fenced: int


class Observer:
    """The client and the watcher of the address."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._children: list[Child] = []
        self.samples: list[Sample] = []
        self.transitions: list[Transition] = []
        self.look: Look | None = None

    async def __aenter__(self) -> "Observer":
        floor, network = self._floor, self._floor.stack.network
        await floor.driver.guest_add(
            "client", IPv4Interface(f"{network.cidr[DRILL.first]}/{network.cidr.prefixlen}")
        )
        enter = ("nsenter", f"--net={floor.driver.namespace('client')}", "--")
        wish = {
            "address": str(network.floating),
            "interval": 0.020,
            "namespaces": {
                m.name: str(floor.driver.namespace(m.name))
                for m in floor.stack.of_role(Role.LOADBALANCER)
            },
        }
        self._children.append(await Child.start(python("ashore.drill.watch"), wish, self._watched))
        probe = {
            "name": "api",
            "kind": "request",
            "path": "/version",
            "interval": _INTERVAL,
            "deadline": 1.0,
            "address": str(network.floating),
            "port": 6443,
            "server": floor.stack.api_name,
            "authority": floor.authority.cert.decode(),
        }
        wish = {"seconds": 200.0, "probes": [probe]}
        self._children.append(
            await Child.start([*enter, *python("ashore.drill.client")], wish, self._sampled)
        )
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()
        await self._floor.driver.guest_remove("client")

    async def stop(self) -> None:
        """End both; what they saw is complete."""
        while self._children:
            child = self._children.pop()
            await child.stop()
            if child.failure:
                raise SystemExit(child.failure)

    def _sampled(self, line: list[Any]) -> None:
        self.samples.append(Sample(*line[1:]))

    def _watched(self, line: dict[str, Any]) -> None:
        if "machine" in line:
            self.transitions.append(Transition(**line))
        elif "looks" in line:
            self.look = Look(line["ended"], line["looks"], line["longest"])

    async def calm(self, since: float, seconds: float, patience: float) -> bool:
        """Wait until no request has failed for so long; False if that did not come in time."""
        deadline = time.monotonic() + patience
        while True:
            ended = [s for s in self.samples if s.ended > since]
            failed = max((s.ended for s in ended if not s.ok), default=since)
            good = [s.ended for s in ended if s.ok and s.ended > failed]
            if good and good[-1] - max(failed, since) >= seconds:
                return True
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.1)


async def trial(floor: Floor, fault: Fault) -> Result:
    """One run: a healthy floor before and after.

    Raises:
        SystemExit: the floor was not healthy, or does not become so again.
    """
    holder = await floor.whole()
    other = next(m.name for m in floor.stack.of_role(Role.LOADBALANCER) if m.name != holder)
    before = len(floor.resets())
    async with Observer(floor) as seen:
        if not await seen.calm(time.monotonic(), _BEFORE, _READY):
            raise SystemExit(f"{floor.setup.name}: the client does not get through: "
                             f"{seen.samples[-3:]}")  # fmt: skip
        begun = time.monotonic()
        await fault.inject(floor, holder, other)
        await asyncio.sleep(max(0.0, begun + _AT_LEAST - time.monotonic()))
        await seen.calm(begun, _CALM, _PATIENCE)
        ended = time.monotonic()
        await fault.undo(floor, holder, other)
        for machine in (holder, other):
            await floor.shell(machine, floor.setup.restores, check=False)
        await floor.whole()
        await seen.stop()
    return _result(seen, Span(begun, ended), len(floor.resets()) - before)


def _result(seen: Observer, window: Span, fenced: int) -> Result:
    if seen.look is None:
        raise SystemExit("nobody watched the address to the end")
    summary = summarise(seen.samples, window, _INTERVAL)
    both = overlaps(holdings(seen.transitions, seen.look.ended))
    return Result(
        gap=summary.longest.least,
        open=summary.longest.open,
        lost=summary.failed + summary.unsure,
        both=sum(pair.least for pair in both),
        fenced=fenced,
    )
