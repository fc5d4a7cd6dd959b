"""One drill: a healthy stack, a fault whose undo is certain, and what was seen of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from ashore.drill import record
from ashore.drill.audits import holders
from ashore.drill.fault import Fault, Particular, Targets, Witnessed, World
from ashore.drill.gaps import Span
from ashore.drill.measure import INTERVALS, Measured, clean
from ashore.drill.verdict import Check, Verdict, check_bound, overall
from ashore.drivers.base import Freeze, Guests, Links, Namespaces, Power, Programs
from ashore.errors import AshoreError, ExitCode
from ashore.events import Note
from ashore.surely import surely

BEFORE = 2.0
"""Seconds of measuring before anything is broken."""

AFTER = 2.0
"""Seconds of measuring after the stack is healthy again."""

SETTLES = 10.0
"""Seconds in which a stack that is asked may still become healthy: one busy moment is no fault."""

BETWEEN = 60.0
"""The same between two drills of a series: Pacemaker forgets a failed action after 20 s,
and looks for what it may forget every 30 s."""

_PREPARES = 60.0
_INJECTS = 60.0
_UNDOES = 300.0
_LOOK_EVERY = 0.5
_WATCHED = "the fault was watched to its end"

_CAPABILITIES = {
    Power: "switch machines off and on",
    Freeze: "freeze machines",
    Links: "cut links",
    Guests: "put a client into the stack's network",
    Namespaces: "look into the machines' networks",
    Programs: "run a measuring program on a machine",
}


class Measuring(Protocol):
    """What `Measurement` is to the engine."""

    async def ready(self) -> None: ...
    async def stop(self) -> Measured: ...


Measure = Callable[[World, Collection[str]], AbstractAsyncContextManager[Measuring]]
"""Measures with the probes that always run, and with those that are named."""

Audit = Callable[[World, Measured, datetime], Awaitable[list[Check]]]


@dataclass(slots=True)
class Marks:
    """When what happened, by the monotonic clock; 0 for what did not happen."""

    began: float = 0.0
    inject: float = 0.0
    injected: float = 0.0
    undo: float = 0.0
    undone: float = 0.0
    healthy: float = 0.0
    ended: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What a drill found."""

    fault: Fault
    targets: Targets
    started: datetime
    marks: Marks
    measured: Measured
    checks: list[Check] = field(default_factory=list[Check])

    @property
    def verdict(self) -> Verdict:
        return overall(self.checks)


async def run(
    fault: Fault,
    world: World,
    measure: Measure,
    audits: Sequence[Audit],
    settles: float = SETTLES,
) -> Outcome:
    """Break the stack, measure, mend it, and judge.

    The stack's lock is held by the caller.

    Args:
        settles: seconds to wait for a stack that is not healthy yet.

    Raises:
        AshoreError: the driver cannot do it (exit code 2), the stack is not
            healthy beforehand (4), or the fault could not be undone (1); then
            its record stays, and `heal` can be tried again.
        CancelledError: interrupted; the fault is undone.
    """
    require(fault, world)
    await _refuse_unhealthy(fault, world, settles)
    targets = await fault.choose(world)
    say = _sayer(fault, world)
    say(fault.does.format(**targets))
    say(f"expected: {fault.expected.format(**targets)}")
    outcome = Outcome(fault, targets, datetime.now(UTC), Marks(), Measured())
    marks = outcome.marks
    async with measure(world, {bound.probe for bound in fault.bounds}) as measurement:
        await measurement.ready()
        marks.began = time.monotonic()
        await asyncio.sleep(BEFORE)
        outcome.checks += await _disturb(fault, world, targets, marks, say)
        outcome.checks.append(await _recovered(fault, world, marks))
        await asyncio.sleep(AFTER)
        marks.ended = time.monotonic()
        outcome.measured = await measurement.stop()
        outcome.checks += _judge(fault, targets, outcome.measured, marks)
        outcome.checks += await _audit(fault, world, outcome, audits)
    _tell(outcome, say)
    return outcome


def require(fault: Fault, world: World) -> None:
    """Raise unless driver and stack have what the fault and its measurement need."""
    for need in (Guests, *fault.needs):
        if not isinstance(world.driver, need):
            raise AshoreError(
                f"drill {fault.name}: the driver {world.driver.name} cannot {_CAPABILITIES[need]}",
                "`ashore drill list` shows the drills that this stack can run",
                ExitCode.USAGE,
            )
    if absent := [role for role in fault.roles if not world.stack.of_role(role)]:
        raise AshoreError(
            f"drill {fault.name}: {world.stack.name} has no {' and no '.join(absent)} machines",
            "`ashore drill list` shows the drills that this stack can run",
            ExitCode.USAGE,
        )
    if isinstance(fault, Particular) and (missing := fault.lacks(world)):
        raise AshoreError(f"drill {fault.name}: {missing}", "", ExitCode.USAGE)


async def heal(pending: record.Pending, fault: Fault, world: World) -> None:
    """Undo the fault of a drill that was killed, and what it put into the stack.

    Raises:
        AshoreError: it could not be undone; its record stays.
    """
    await surely(_undo(fault, world, pending.targets))
    await clean(world)


async def _refuse_unhealthy(fault: Fault, world: World, settles: float) -> None:
    wrong = await _unhealthy(world, settles)
    if wrong:
        raise AshoreError(
            f"drill {fault.name}: {world.stack.name} is not healthy, so nothing could be told"
            " from breaking it:\n" + "\n".join(f"  {each}" for each in wrong),
            "`ashore up` mends it; `ashore status` shows more",
            ExitCode.UNHEALTHY,
        )


async def _unhealthy(world: World, seconds: float) -> list[str]:
    """Wait for health; what is wrong if it does not come in time."""
    began = time.monotonic()
    deadline = began + seconds
    while wrong := await world.steady():
        looked = time.monotonic()
        if looked > deadline:
            return wrong
        # A look asks every machine: on two busy cores it takes seconds, which what recovers needs.
        await asyncio.sleep(max(_LOOK_EVERY, looked - began))
        began = time.monotonic()
    return []


async def _disturb(
    fault: Fault, world: World, targets: Targets, marks: Marks, say: Callable[[str], None]
) -> list[Check]:
    """Break it and mend it; what the fault itself has seen meanwhile."""
    record.write(world.directory, fault.name, targets)
    witness: asyncio.Task[list[Check]] | None = None
    try:
        if isinstance(fault, Witnessed):
            async with asyncio.timeout(_PREPARES):
                await fault.prepare(world, targets)
        marks.inject = time.monotonic()
        if isinstance(fault, Witnessed):
            witness = asyncio.create_task(_witness(fault, world, targets))
        async with asyncio.timeout(_INJECTS):
            await fault.inject(world, targets)
        marks.injected = time.monotonic()
        say(f"injected within {marks.injected - marks.inject:.2f} s; it lasts {fault.lasts:g} s")
        rest = max(0.0, fault.lasts - (marks.injected - marks.inject))
        await (asyncio.wait([witness], timeout=rest) if witness else asyncio.sleep(rest))
    finally:
        if witness is not None:
            witness.cancel()  # nothing is awaited before the undo
        marks.undo = time.monotonic()
        await surely(_undo(fault, world, targets))
        marks.undone = time.monotonic()
    say(f"undone within {marks.undone - marks.undo:.2f} s")
    return [] if witness is None else await _testimony(fault, witness)


async def _witness(fault: Witnessed, world: World, targets: Targets) -> list[Check]:
    """A witness that crashes has seen nothing."""
    try:
        return await fault.witness(world, targets)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        return [Check(_WATCHED, Verdict.UNKNOWN, said)]


async def _testimony(fault: Fault, witness: asyncio.Task[list[Check]]) -> list[Check]:
    """What a witness has said that had until the undo."""
    await asyncio.wait([witness])
    if witness.cancelled():
        return [Check(_WATCHED, Verdict.UNKNOWN, f"no end within {fault.lasts:g} s")]
    return witness.result()


async def _undo(fault: Fault, world: World, targets: Targets) -> None:
    try:
        async with asyncio.timeout(_UNDOES):
            await fault.undo(world, targets)
    except (AshoreError, OSError, TimeoutError) as error:
        why = error.message if isinstance(error, AshoreError) else error or "no end"
        raise AshoreError(
            f"drill {fault.name} could not be undone: {why}",
            "the next `ashore` command that changes the stack tries again",
        ) from error
    record.clear(world.directory)


async def _recovered(fault: Fault, world: World, marks: Marks) -> Check:
    what = f"healthy again within {fault.recovers:g} s"
    if wrong := await _unhealthy(world, fault.recovers):
        return Check(what, Verdict.FAIL, "; ".join(wrong))
    marks.healthy = time.monotonic()
    return Check(what, Verdict.PASS, f"after {marks.healthy - marks.undone:.1f} s")


def _judge(fault: Fault, targets: Targets, measured: Measured, marks: Marks) -> list[Check]:
    window = Span(marks.inject, marks.ended)
    found = [
        Check(f"the {name} measured to the end", Verdict.UNKNOWN, why)
        for name, why in measured.broken.items()
    ]
    for bound in fault.bounds:
        samples = measured.samples.get(bound.probe, [])
        found += check_bound(bound, samples, window, INTERVALS[bound.probe])
    cut = {targets[word]: Span(marks.inject, marks.undone) for word in fault.isolates}
    found.append(holders.check(measured.transitions, measured.look, cut, marks.inject))
    return found


async def _audit(
    fault: Fault, world: World, outcome: Outcome, audits: Sequence[Audit]
) -> list[Check]:
    """An audit that crashes has found out nothing."""
    found: list[Check] = []

    async def left(world: World, measured: Measured, since: datetime) -> list[Check]:
        remains = await fault.left(world, outcome.targets)
        verdict = Verdict.FAIL if remains else Verdict.PASS
        return [Check("nothing is left of the fault", verdict, "; ".join(remains) or "nothing")]

    for audit in (left, *audits):
        try:
            found += await audit(world, outcome.measured, outcome.started)
        except Exception as error:
            name = getattr(audit, "__name__", "audit")
            found.append(
                Check(f"audit {name}", Verdict.UNKNOWN, f"{type(error).__name__}: {error}")
            )
    return found


def _sayer(fault: Fault, world: World) -> Callable[[str], None]:
    def say(line: str) -> None:
        world.emit(Note(f"{fault.name}: {line}"))

    return say


def _tell(outcome: Outcome, say: Callable[[str], None]) -> None:
    for check in outcome.checks:
        say(f"{check.verdict:<7} {check.what}: {check.detail}")
    say(f"verdict: {outcome.verdict}")
