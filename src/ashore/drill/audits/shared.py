"""No acknowledged write to the shared volume is missing, on any brick that has data."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence

from ashore.components.gluster import probe
from ashore.drill import shared
from ashore.drill.fault import World
from ashore.drill.gaps import Sample
from ashore.drill.verdict import Check, Verdict
from ashore.errors import AshoreError
from ashore.model.types import VOLUME_GROUP, Machine, Role, VolumeType
from ashore.together import together

WHAT = "no acknowledged write to the shared volume is missing"
_SAME = "every brick has the same"
_HEALS = 120.0
_SHOWN = 3


async def audit(world: World, samples: Sequence[Sample]) -> list[Check]:
    """Wait until everything is healed, then read what the bricks themselves hold."""
    storage, writer = world.stack.storage, shared.writer(world)
    if storage is None or writer is None or not samples:
        return []
    healed = await _healed(world)
    groups = list(_groups(world.stack.of_role(Role.STORAGE), storage.type))
    if storage.type is VolumeType.DISPERSE:
        # A brick has a part of each file, which says nothing by itself.
        below, groups = storage.mount, [[writer]]
    else:
        below = storage.brick
    read = [await _read(world, machines, shared.directory(below)) for machines in groups]
    return [healed, *judge(samples, read)]


def judge(samples: Sequence[Sample], groups: Sequence[Mapping[str, set[str]]]) -> list[Check]:
    """Hold what was acknowledged against what is there.

    Args:
        groups: of bricks that have the same data: machine -> its records.
            A file is in one of the groups.
    """
    acknowledged = {sample.detail for sample in samples if sample.ok}
    if not acknowledged:
        return [Check(WHAT, Verdict.UNKNOWN, "no write was acknowledged")]
    everywhere: set[str] = set()
    anywhere: set[str] = set()
    differ: list[str] = []
    for group in groups:
        common = set[str].intersection(*group.values())
        everywhere |= common
        anywhere |= set[str].union(*group.values())
        differ += [
            f"{machine} has {len(records - common)} records more"
            for machine, records in group.items()
            if records != common
        ]
    missing = sorted(acknowledged - everywhere)
    lost = f"{len(missing)} of {len(acknowledged)} are missing: {', '.join(missing[:_SHOWN])}"
    fine = f"{len(acknowledged)} acknowledged, all there, {len(anywhere)} records in all"
    return [
        Check(WHAT, _passes(not missing), lost if missing else fine),
        Check(_SAME, _passes(not differ), "; ".join(differ) or "same records"),
    ]


def _passes(right: bool) -> Verdict:
    return Verdict.PASS if right else Verdict.FAIL


def _groups(machines: Sequence[Machine], kind: VolumeType) -> Iterator[list[Machine]]:
    """Machines whose bricks have the same data; an arbiter has none."""
    for first in range(0, len(machines), VOLUME_GROUP):
        group = list(machines[first : first + VOLUME_GROUP])
        yield group[:-1] if kind is VolumeType.ARBITER else group


async def _read(world: World, machines: Sequence[Machine], path: str) -> dict[str, set[str]]:
    script = 'cd "$1" 2>/dev/null || exit 0; find . -type f -exec cat {} +'
    argv = ["sh", "-c", script, "sh", path]
    done = await together(*(world.connect(m.name).run(argv) for m in machines))
    return {m.name: set(d.text.splitlines()) for m, d in zip(machines, done, strict=True)}


async def _healed(world: World) -> Check:
    """Nothing waits to be healed, within the deadline."""
    storage, first = world.stack.storage, world.machines(Role.STORAGE)[0]
    begun, wrong = time.monotonic(), [""]
    while storage is not None and wrong and time.monotonic() - begun < _HEALS:
        try:
            wrong = (await probe.healing(world.connect, first.name, storage)).wrong()
        except AshoreError as error:
            wrong = [error.message]
        if wrong:
            await asyncio.sleep(0.5)
    detail = "; ".join(wrong) or f"after {time.monotonic() - begun:.1f} s"
    return Check("the shared volume is healed", _passes(not wrong), detail)
