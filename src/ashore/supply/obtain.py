"""The programs of a stack: from the cache, else from the first source that answers."""

from collections.abc import Sequence
from pathlib import Path

from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Output
from ashore.supply.base import Programs, Supply, planned
from ashore.supply.cache import making
from ashore.supply.modules import Modules
from ashore.supply.releases import Releases
from ashore.supply.versions import Versions


def supplies(kind: str) -> tuple[Supply, ...]:
    """The sources that a stack file's `supply` stands for, in the order in which they are tried."""
    every: tuple[Supply, ...] = (Releases(), Modules())
    found = tuple(s for s in every if kind in ("auto", s.name))
    if not found:
        names = ", ".join(("auto", *(s.name for s in every)))
        raise AshoreError(f"no supply is called {kind}", f"one of {names}", ExitCode.USAGE)
    return found


async def obtain(kind: str, versions: Versions, cache: Path, emit: Emit) -> Programs:
    """The programs, made or fetched if they are not in the cache.

    Raises:
        AshoreError: the chosen source failed; nothing half-made stays. Another
            source is not tried then: it would hide why, and take minutes.
    """
    programs = planned(versions, cache)
    if programs.place.is_dir():
        return programs
    supply = await choose(supplies(kind))
    async with making(programs.place, "supply", emit) as scratch:
        if scratch is not None:
            emit(Output("supply", f"taking the programs from {supply.name}"))
            await supply.fill(versions, scratch, cache, emit)
    return programs


async def choose(candidates: Sequence[Supply]) -> Supply:
    """The first source that answers; the last one is not asked."""
    for supply in candidates[:-1]:
        if await supply.answers():
            return supply
    return candidates[-1]
