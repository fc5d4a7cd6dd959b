"""`down`: nothing of the stack is left but the cache."""

import time
from typing import NoReturn

from ashore.app import driver, kubeconfig
from ashore.app.select import Chosen
from ashore.bmc import process as bmc
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Note, RunDone
from ashore.host.run import require_root
from ashore.state import lock
from ashore.state.ledger import Ledger


async def down(chosen: Chosen, emit: Emit) -> int:
    """Remove everything of the stack, found by label, and then its state.

    Raises:
        AshoreError: something is left; named, exit code 6.
    """
    require_root("down")
    started = time.monotonic()
    name = chosen.stack.name
    with lock.hold(chosen.state.lock, "down"):
        # First what could power a machine on again.
        await bmc.service(name).stop()
        left = await _destroy(chosen)
        if left:
            raise AshoreError(
                f"{name} is down, but this is left:\n" + "\n".join(f"  {each}" for each in left),
                "run `ashore down` again, or remove it by hand",
                ExitCode.LEFTOVERS,
            )
        kubeconfig.forget(chosen.state, emit)
        stays = _stays(chosen)
        chosen.state.remove()
    emit(RunDone("down", name, time.monotonic() - started, 0, 0))
    for change in stays:
        emit(Note(f"stays on this host, since others may rely on it by now: {change}"))
    emit(Note(f"{name} is down; the cache of programs and images stays in {chosen.cache}"))
    return ExitCode.DONE


async def _destroy(chosen: Chosen) -> list[str]:
    """Every driver looks: the file may name another one by now, or be lost with the state."""
    drivers = driver.every(chosen, Ledger(chosen.state.ledger).record, _no_login)
    left = [found for each in drivers for found in await each.destroy()]
    if left:
        # What one could not remove may have gone with what another one removed.
        left = [found for each in drivers for found in await each.destroy()]
    return list(dict.fromkeys(left))


def _no_login() -> NoReturn:
    raise AshoreError("nobody logs in to a machine that is being removed")


def _stays(chosen: Chosen) -> list[str]:
    """What `up` changed on this host for good: raised limits, loaded modules."""
    made = Ledger(chosen.state.ledger).entries()
    return [f"{each.kind} {each.name}" for each in made if each.kind in ("setting", "module")]
