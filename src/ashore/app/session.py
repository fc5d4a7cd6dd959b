"""What every verb on a stack works with: its state, its driver, its context."""

from dataclasses import dataclass
from pathlib import Path

from ashore.app.select import Chosen
from ashore.app.uplink import upstream
from ashore.drivers.nspawn.driver import NspawnDriver
from ashore.events import Emit, ignore
from ashore.host import facts
from ashore.image.build import planned
from ashore.model.types import Stack
from ashore.plan.step import Context
from ashore.state.ledger import Ledger
from ashore.state.paths import StackState
from ashore.state.secrets import StackSecrets


@dataclass(frozen=True, slots=True)
class Session:
    """A stack, opened. Opening asks nothing and changes nothing."""

    chosen: Chosen
    driver: NspawnDriver
    context: Context

    @property
    def stack(self) -> Stack:
        return self.chosen.stack

    @property
    def state(self) -> StackState:
        return self.chosen.state


def open_session(chosen: Chosen, emit: Emit = ignore, scratch: Path | None = None) -> Session:
    """Put the parts of a stack together.

    Args:
        scratch: a directory for the secrets and files that do not exist yet,
            for verbs that change nothing.
    """
    state = chosen.state
    secrets = StackSecrets(state.secrets, scratch)

    driver = NspawnDriver(
        chosen.stack, planned(chosen.stack, chosen.cache), state.root, Ledger(state.ledger).record
    )
    context = Context(
        stack=chosen.stack,
        connect=driver.transport,
        secrets=secrets,
        files=state.files if scratch is None else scratch,
        emit=emit,
        upstream=upstream(chosen),
        facts=facts.ask(),
    )
    return Session(chosen, driver, context)
