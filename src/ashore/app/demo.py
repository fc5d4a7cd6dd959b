"""`demo`: an application that uses everything the stack has, brought up, asked, and removed."""

import time
from typing import Any

from ashore.app import packages
from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.components.wait import stretched, until
from ashore.demo import chain, docker, look
from ashore.demo.render import NAMESPACE, PACKAGES
from ashore.demo.site import Site
from ashore.demo.steps import steps
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Event, Note, RunDone, StepDone
from ashore.host.run import require_root
from ashore.image import ingredients, rootfs
from ashore.plan import runner
from ashore.recipe import access_of
from ashore.state import lock, logs
from ashore.state.files import write_atomic
from ashore.state.journal import Journal

_GONE = 180.0  # s; a pod has 20 to end, and its volume is deleted after it
_NAMESPACE = f"/api/v1/namespaces/{NAMESPACE}"


async def up(chosen: Chosen, emit: Emit, *, ask: bool) -> dict[str, Any]:
    """Build, push, run, and wait for the page; what is in place already stays untouched.

    Args:
        ask: let the user agree before packages are installed on the host.

    Returns:
        The address of the page, and the seconds of each step.

    Raises:
        AshoreError: the stack is not up, has no Docker or no registry (exit
            code 2), another command works on it, or a step failed.
    """
    _require_up(chosen, "demo up")
    with lock.hold(chosen.state.lock, "demo up"):
        site = _site(open_session(chosen, emit), chosen, emit)
        engine = await docker.engine(site.connect, site.stack)
        await docker.require_registry(engine, site.names.registry)
        await _ready_host(chosen, emit, ask=ask)
        took: list[StepDone] = []

        def watch(event: Event) -> None:
            if isinstance(event, StepDone):
                took.append(event)
            emit(event)

        run = logs.new_run(chosen.state.logs)
        done = await runner.apply(
            steps(site, engine),
            verb="demo up",
            stack=chosen.stack.name,
            emit=watch,
            logs=run.path,
            journal=Journal(chosen.state.journal, run.id),
            grace=stretched(runner.GRACE),
            settles=stretched(runner.SETTLES),
        )
        address = await look.address(site.api)
        write_atomic(chosen.state.demo, address.encode(), 0o600)
    return {
        "stack": chosen.stack.name,
        "url": f"http://{site.names.host}/",
        "address": address,
        "seconds": round(done.seconds, 3),
        "steps": [
            {"title": s.title, "seconds": round(s.seconds, 3), "changed": s.changed} for s in took
        ],
    }


async def status(chosen: Chosen) -> dict[str, Any]:
    """Open every link of the chain, from the image to the page.

    Raises:
        AshoreError: the stack or the demo is not up (exit code 4).
    """
    _require_up(chosen, "demo status")
    session = open_session(chosen)
    site = _site(session, chosen, session.context.emit)
    if await site.api.get(_NAMESPACE) is None:
        raise AshoreError(
            f"the demo is not up on {chosen.stack.name}", "`ashore demo up`", ExitCode.UNHEALTHY
        )
    links = await chain.opened(site)
    return {
        "stack": chosen.stack.name,
        "url": f"http://{site.names.host}/",
        "healthy": all(link.good for link in links),
        "links": [
            {
                "name": link.name,
                "good": link.good,
                "said": link.said,
                "milliseconds": round(link.seconds * 1000, 1),
                "mend": "" if link.good else link.mend,
            }
            for link in links
        ],
    }


async def down(chosen: Chosen, emit: Emit) -> None:
    """Delete the namespace and what its claims hold; returns when all of it is gone.

    Raises:
        AshoreError: the stack is not up, or something is left after the deadline.
    """
    _require_up(chosen, "demo down")
    began = time.monotonic()
    with lock.hold(chosen.state.lock, "demo down"):
        site = _site(open_session(chosen, emit), chosen, emit)
        chosen.state.demo.unlink(missing_ok=True)
        await site.api.delete(_NAMESPACE)
        await until(
            lambda: look.namespace_left(site.api),
            "the demo is gone",
            seconds=_GONE,
            hint=f"`ashore kubectl -- get all,pvc -n {NAMESPACE}` shows what holds it",
        )
    emit(RunDone("demo down", chosen.stack.name, time.monotonic() - began, 0, 0))
    emit(Note(f"the image stays in Docker and in the registry: {site.names.image}"))


async def _ready_host(chosen: Chosen, emit: Emit, *, ask: bool) -> None:
    """This computer can fetch the ingredients, if they are not in the cache."""
    if ingredients.planned(PACKAGES, chosen.cache).is_dir():
        return
    if wanted := await packages.absent(rootfs.host_packages()):
        await packages.install(wanted, emit, ask=ask)


def _require_up(chosen: Chosen, verb: str) -> None:
    require_root(verb)
    if not chosen.state.files.is_dir():
        raise AshoreError(f"{chosen.stack.name} is not up", "`ashore up` first", ExitCode.UNHEALTHY)


def _site(session: Session, chosen: Chosen, emit: Emit) -> Site:
    context = session.context
    api = access_of(context).api
    return Site(chosen.stack, context.connect, api, context.secrets, chosen.cache, emit)
