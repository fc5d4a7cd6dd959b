"""`image build`: the golden disk of virtual machines, from distribution packages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ashore.app import packages
from ashore.app.select import Chosen
from ashore.drivers.base import Finding, Level
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Event, StepDone
from ashore.host import files
from ashore.host.run import require_root
from ashore.image import disksteps, formats, tree
from ashore.image.disksteps import Order
from ashore.image.distributions import DISTRIBUTIONS, distribution
from ashore.image.layout import layout
from ashore.plan import runner
from ashore.state import logs
from ashore.state.journal import Journal
from ashore.supply.machine import architecture


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said on the command line.

    Attributes:
        os: instead of the stack file's; None for that.
        architecture: None for the host's, which is the only one possible.
        to: directory for the files; None to leave them in the cache.
    """

    os: str | None
    architecture: str | None
    formats: tuple[str, ...]
    to: Path | None


def order(chosen: Chosen, wish: Wish) -> Order:
    """What is to be built. Pure but for the architecture of this host.

    Raises:
        AshoreError: an unknown distribution or format, another architecture (USAGE).
    """
    here = architecture()
    if wish.architecture not in (None, here):
        raise AshoreError(
            f"a disk for {wish.architecture} cannot be built here: this host is {here}",
            f"build it on a host that is {wish.architecture}",
            ExitCode.USAGE,
        )
    if wish.to is not None and wish.to.exists() and not wish.to.is_dir():
        raise AshoreError(f"{wish.to} is no directory", "--to names a directory", ExitCode.USAGE)
    row = distribution(wish.os or chosen.stack.disk.os)
    plan = layout(chosen.stack.disk)
    return Order(row, plan, formats.formats(wish.formats), chosen.cache, wish.to)


async def build(chosen: Chosen, wish: Wish, emit: Emit, *, ask: bool) -> dict[str, Any]:
    """Build what is not in the cache, and say what there is.

    Args:
        ask: let the user agree before packages are installed on the host.

    Raises:
        AshoreError: a wish that cannot be fulfilled, before anything is made; or a
            step failed.
    """
    wanted = order(chosen, wish)
    require_root("image build")
    if not wanted.tree.is_dir():
        await tree.reachable(wanted.row)
    if lacking := await packages.absent(disksteps.host_packages(wanted)):
        await packages.install(lacking, emit, ask=ask)
    seconds: dict[str, float] = {}

    def watch(event: Event) -> None:
        if isinstance(event, StepDone) and event.changed:
            seconds[event.key.removeprefix("image/")] = round(event.seconds, 1)
        emit(event)

    place = chosen.cache / "log" / "image-build"
    files.make_directory(place)
    run = logs.new_run(place)
    await runner.apply(
        disksteps.steps(wanted, watch),
        verb="image build",
        stack=wanted.row.name,
        emit=watch,
        logs=run.path,
        journal=Journal(place / "journal.jsonl", run.id),
    )
    await disksteps.deliver(wanted)
    return report(wanted, seconds)


def report(wanted: Order, seconds: dict[str, float]) -> dict[str, Any]:
    """What was built, as plain JSON values.

    Args:
        seconds: what a step took, of the steps that did something.
    """
    plan = wanted.plan
    made = [(each.name, wanted.file(each)) for each in wanted.formats]
    return {
        "os": wanted.row.name,
        "architecture": architecture(),
        "size": plan.size,
        "free": plan.free,
        "volumes": [{"name": v.name, "mount": v.mount, "size": v.size} for v in plan.volumes],
        "files": [
            # Blocks, not length: a raw disk is mostly holes.
            {"format": name, "path": str(file), "bytes": file.stat().st_blocks * 512}
            for name, file in made
        ],
        "seconds": seconds,
    }


async def findings(chosen: Chosen) -> list[Finding]:
    """Whether the archive answers that the file's disk is built from, if it is not the default.

    A warning: machines of the stack may not need the disk.
    """
    row = distribution(chosen.stack.disk.os)
    wanted = order(chosen, Wish(None, None, ("raw",), None))
    if row is DISTRIBUTIONS[0] or wanted.tree.is_dir():
        return []
    try:
        await tree.reachable(row)
    except AshoreError as error:
        return [
            Finding(
                id="disk-archive",
                level=Level.WARNING,
                what=error.message.splitlines()[0],
                why="`ashore image build` installs the disk's packages from it (disk.os)",
                fix="open the way to it, or take another disk.os",
            )
        ]
    return []
