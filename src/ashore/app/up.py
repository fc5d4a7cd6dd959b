"""`up`: from the host as it is to the stack as it is described."""

from ashore import recipe
from ashore.app import drill, driver, packages, uplink
from ashore.app.doctor import findings, refuse
from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.bmc.credentials import credentials
from ashore.components.wait import patience, stretched
from ashore.drivers.steps import Removed, extra
from ashore.errors import ExitCode
from ashore.events import Emit, Note
from ashore.host.run import require_root
from ashore.plan import runner
from ashore.plan.step import Step
from ashore.state import lock, logs
from ashore.state.journal import Journal

# Enough for what waits for machines; what works the processor takes turns by itself.
_AT_ONCE = 64


async def up(chosen: Chosen, emit: Emit, *, ask: bool) -> int:
    """Bring the stack about; every step that is in place already stays untouched.

    Args:
        ask: let the user agree before packages are installed on the host.

    Raises:
        AshoreError: the host is not fit, a file that a BMC needs cannot be
            used, another driver made the machines, another command works on the
            stack, or a step failed.
    """
    require_root("up")
    driver.refuse_another(chosen)
    credentials(chosen.stack)  # what cannot be used is told before anything is touched
    await _ready_host(chosen, emit, ask=ask)
    with lock.hold(chosen.state.lock, "up"):
        for warning in chosen.stack.warnings:
            emit(Note(warning, "warning"))
        driver.refuse_another(chosen)  # another `up` may have been first
        chosen.state.make()
        chosen.state.keep_stack_file(chosen.text)
        await drill.heal(chosen, emit)
        await converge(chosen, emit)
    _what_next(emit)
    return ExitCode.DONE


async def converge(chosen: Chosen, emit: Emit) -> None:
    """Apply what differs. Hold the stack's lock."""
    await uplink.decide(chosen)
    patience.set(await driver.patience(chosen))
    session = open_session(chosen, emit)
    run = logs.new_run(chosen.state.logs)
    await runner.apply(
        await steps(session, emit),
        verb="up",
        stack=chosen.stack.name,
        emit=emit,
        logs=run.path,
        journal=Journal(chosen.state.journal, run.id),
        limit=_AT_ONCE,
        grace=stretched(runner.GRACE),
        settles=stretched(runner.SETTLES),
    )


async def steps(session: Session, emit: Emit) -> list[Step]:
    """The recipe, and the removal of machines that the file no longer names."""
    chosen, context = session.chosen, session.context
    found = recipe.steps(context, session.driver, driver.steps(chosen, emit))
    wanted = {machine.name for machine in session.stack.machines}
    gone = extra(await session.driver.states(), wanted)
    recipe.refuse_retirement(context, gone)
    after = recipe.retires_after(context)
    for name in gone:
        retire = recipe.retirement(context, name)
        found.append(Removed(session.driver, name, retire, needs=after))
    return found


async def _ready_host(chosen: Chosen, emit: Emit, *, ask: bool) -> None:
    found = await findings(chosen)
    if wanted := packages.missing(found):
        await packages.install(wanted, emit, ask=ask)
        found = await findings(chosen)
    refuse(found)


def _what_next(emit: Emit) -> None:
    emit(Note("Next: ashore status; ashore kubectl -- get nodes; ashore shell cp1"))
