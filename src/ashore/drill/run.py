"""The verbs of `ashore drill`, without a command line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ashore.drill import catalogue, engine, history, record
from ashore.drill.audits import cluster, lease, shared, writes
from ashore.drill.fault import World
from ashore.drill.measure import WRITTEN, Measured, Measurement
from ashore.drill.shared import PROBE
from ashore.drill.verdict import Check, Verdict
from ashore.errors import AshoreError, ExitCode
from ashore.events import Note


async def run(world: World, names: Sequence[str]) -> list[dict[str, Any]]:
    """Run drills one after the other and keep their results.

    Hold the stack's lock and `heal` first. A drill that cannot run ends the
    series, and so does a stack that did not recover: nothing could be told
    from breaking it further.

    Raises:
        AshoreError: see `engine.run`; results up to then are kept.
    """
    faults = [catalogue.find(name) for name in names]
    for fault in faults:
        engine.require(fault, world)
    found: list[dict[str, Any]] = []
    for fault in faults:
        audits = (_writes, _lease, _shared, _cluster)
        settles = engine.BETWEEN if found else engine.SETTLES
        outcome = await engine.run(fault, world, Measurement, audits, settles)
        found.append(history.document(outcome, world))
        path = history.keep(world.directory, found[-1])
        world.emit(Note(f"{fault.name}: kept in {path}"))
    return found


async def heal(world: World) -> str:
    """Undo the fault of a drill that was killed; says which, or empty if there was none.

    Hold the stack's lock.

    Raises:
        AshoreError: it could not be undone.
    """
    pending = record.pending(world.directory)
    if pending is None:
        return ""
    world.emit(Note(f"a drill was killed before it could undo its fault: {pending}", "warning"))
    await engine.heal(pending, catalogue.find(pending.drill), world)
    world.emit(Note(f"undone: {pending}"))
    return str(pending)


def listing(world: World) -> list[dict[str, Any]]:
    """Every drill, what to expect of it, and what keeps it from running on this stack."""
    known = [("", catalogue.DRILLS), *catalogue.SUITES.items()]
    return [
        {
            "name": fault.name,
            "suite": suite,
            "title": fault.title,
            "does": fault.does,
            "expected": fault.expected,
            "lasts": fault.lasts,
            "bounds": {b.probe: b.gap for b in fault.bounds},
            "cannot": catalogue.able(fault, world),
        }
        for suite, faults in known
        for fault in faults.values()
    ]


def exit_code(documents: Sequence[dict[str, Any]]) -> int:
    """0 if every verdict is a pass. Unknown is none."""
    passed = all(document["verdict"] == Verdict.PASS for document in documents)
    return ExitCode.DONE if passed else ExitCode.DRILL


async def _writes(world: World, measured: Measured, since: datetime) -> list[Check]:
    there = await world.api.get(WRITTEN)
    if there is None:
        raise AshoreError("the ConfigMap that was written to is not there")
    return [writes.check(measured.samples.get("writes", []), there.get("data", {}))]


async def _shared(world: World, measured: Measured, since: datetime) -> list[Check]:
    return await shared.audit(world, measured.samples.get(PROBE, []))


async def _lease(world: World, measured: Measured, since: datetime) -> list[Check]:
    samples = measured.samples.get("lease")
    return [] if samples is None else [lease.check(samples)]


async def _cluster(world: World, measured: Measured, since: datetime) -> list[Check]:
    return await cluster.audit(world, since)
