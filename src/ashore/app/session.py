"""What every verb on a stack works with: its state, its driver, its context."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ashore.app.driver import Machines, driver, seen_by_machines
from ashore.app.select import Chosen
from ashore.app.uplink import upstream
from ashore.events import Emit, ignore
from ashore.model.types import Stack
from ashore.plan.step import Context
from ashore.state.files import write_atomic
from ashore.state.ledger import Ledger
from ashore.state.paths import StackState
from ashore.state.secrets import StackSecrets
from ashore.transport.ssh import Login


@dataclass(frozen=True, slots=True)
class Session:
    """A stack, opened. Opening asks nothing and changes nothing."""

    chosen: Chosen
    driver: Machines
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
    machines = driver(chosen, Ledger(state.ledger).record, cache(lambda: login(context, state)))
    context = Context(
        stack=chosen.stack,
        connect=machines.transport,
        secrets=secrets,
        files=state.files if scratch is None else scratch,
        emit=emit,
        upstream=upstream(chosen),
        facts=seen_by_machines(chosen),
    )
    return Session(chosen, machines, context)


def login(context: Context, state: StackState) -> Login:
    """Files that ssh reads: the stack's private key and its known hosts."""
    from ashore.recipe import known_hosts, user_key

    user_key(context)
    known, text = state.files / "known_hosts", known_hosts(context)
    if not known.exists() or known.read_text() != text:
        write_atomic(known, text.encode(), 0o600)
    return Login(state.secrets / "ssh" / "user", known)
