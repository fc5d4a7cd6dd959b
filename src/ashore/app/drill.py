"""`drill`: break the stack on purpose, measure, mend, and tell."""

import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.app.status import status
from ashore.bmc import process
from ashore.drill import catalogue, history, record, run
from ashore.drill.fault import World
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, ignore
from ashore.host.run import require_root
from ashore.recipe import access_of, redfish
from ashore.state import lock


def listing(chosen: Chosen) -> list[dict[str, Any]]:
    """Every drill and suite, and what keeps one from running on this stack."""
    require_root("drill")
    with tempfile.TemporaryDirectory(prefix="ashore-drill-") as scratch:
        return run.listing(_world(open_session(chosen, scratch=Path(scratch)), ignore))


def able(chosen: Chosen) -> list[str]:
    """The names of the drills that the stack can run, those of suites left out.

    Raises:
        AshoreError: it can run none (exit code 2).
    """
    known = [each for each in listing(chosen) if not each["suite"]]
    found = [each["name"] for each in known if not each["cannot"]]
    if not found:
        raise AshoreError(
            f"{chosen.stack.name} can run no drill. {known[0]['cannot']}",
            "`ashore drill list` says of each what keeps it from running",
            ExitCode.USAGE,
        )
    return found


async def drills(
    chosen: Chosen, names: Sequence[str], suite: str | None, emit: Emit
) -> list[dict[str, Any]]:
    """Run drills one after the other; every result is kept.

    Raises:
        AshoreError: no such drill, the stack is not up or not healthy, the
            driver cannot do it, or a fault could not be taken back.
    """
    require_root("drill")
    wanted = [*names, *(catalogue.suite(suite) if suite else [])]
    for name in wanted:
        catalogue.find(name)
    if not chosen.state.files.is_dir():
        raise AshoreError(f"{chosen.stack.name} is not up", "`ashore up` first", ExitCode.UNHEALTHY)
    with lock.hold(chosen.state.lock, "drill"):
        await heal(chosen, emit)
        return await run.run(_world(open_session(chosen, emit), emit), wanted)


async def heal(chosen: Chosen, emit: Emit) -> None:
    """Take back what a drill that was killed has left. Hold the stack's lock."""
    if record.pending(_directory(chosen)) is not None:
        await run.heal(_world(open_session(chosen, emit), emit))


def results(chosen: Chosen) -> list[dict[str, Any]]:
    """Every kept result, oldest first."""
    require_root("drill")
    return [kept.document for kept in history.load(_directory(chosen))]


def _directory(chosen: Chosen) -> Path:
    return chosen.state.root / "drill"


@dataclass(frozen=True)
class _Bmc:
    """Implements `fault.Bmc`."""

    session: Session

    def kill(self) -> list[int]:
        return process.service(self.session.stack.name).kill()

    async def drift(self) -> list[str]:
        return await redfish(self.session.context, self.session.driver).drift()


def _world(session: Session, emit: Emit) -> World:
    chosen, context = session.chosen, session.context
    access = access_of(context)

    async def steady() -> list[str]:
        seen = await status(chosen)
        return [
            *(f"{m['name']}: {m['detail']}" for m in seen["machines"] if not m["ready"]),
            *seen["problems"],
        ]

    async def mend() -> None:
        from ashore.app.up import converge

        await converge(chosen, ignore)

    return World(
        stack=session.stack,
        driver=session.driver,
        connect=context.connect,
        directory=_directory(chosen),
        api=access.api,
        authority=access.authority.decode(),
        identity=str(access.identity),
        bmc=_Bmc(session),
        steady=steady,
        mend=mend,
        emit=emit,
        facts={
            "stackFile": chosen.text,
            "kubernetes": session.stack.kubernetes.version,
            "cpus": os.cpu_count(),
            "load": os.getloadavg()[0],
            "kernel": platform.release(),
        },
        demo=session.state.demo.read_text() if session.state.demo.exists() else "",
    )
