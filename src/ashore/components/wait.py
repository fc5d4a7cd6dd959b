"""Asking machines, and waiting for a condition with a deadline and the last observation kept."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar

from ashore.errors import AshoreError
from ashore.patience import patience as of_this_computer
from ashore.transport.base import CommandFailed, Completed, Connect, MachineDown

patience: ContextVar[float] = ContextVar("patience", default=1.0)
"""Deadlines of steps are so many times as long: emulated machines are slow, not broken."""

_REST, _MOST = 2, 8
"""After a look there is a pause so many times as long, up to so many intervals: looks
that follow each other closely take a slow machine's processor from what they wait for.
One that took longer than its interval rests as long for every other that waits."""

_waiting: set[object] = set()
"""A token for each `until` of this process that waits now."""


def stretched(seconds: float) -> float:
    """A deadline, as long as this stack's machines or this computer need it."""
    return seconds * max(patience.get(), of_this_computer())


class Watched:
    """Of a `Step` that is in place when a look at what runs finds nothing missing."""

    async def missing(self) -> str:
        """What is missing, in a phrase; empty if nothing."""
        raise NotImplementedError

    async def drift(self) -> list[str]:
        """See `Step`."""
        missing = await self.missing()
        return [missing] if missing else []


async def until(
    observe: Callable[[], Awaitable[str]],
    what: str,
    *,
    seconds: float,
    interval: float = 0.25,
    hint: str = "",
) -> None:
    """Poll until `observe` returns an empty string.

    Args:
        observe: says in a phrase what is still missing. A command that fails
            on the machine counts as an observation.
        what: the condition, for the message: "lb1: HAProxy answers".
        seconds: until giving up, longer by `patience`.
        interval: seconds between two looks; each costs processor time, here and there, so
            after one that took long the next one comes later.

    Raises:
        AshoreError: the deadline passed; names the last observation.
    """
    seconds = stretched(seconds)
    deadline = time.monotonic() + seconds
    token = object()
    _waiting.add(token)
    try:
        while True:
            looked = time.monotonic()
            try:
                missing = await observe()
            except CommandFailed as error:
                missing = error.message
            if not missing:
                return
            if time.monotonic() >= deadline:
                message = f"not within {seconds:.0f} s: {what}; last seen: {missing}"
                raise AshoreError(message, hint)
            await asyncio.sleep(_pause(time.monotonic() - looked, interval))
    finally:
        _waiting.remove(token)


def _pause(took: float, interval: float) -> float:
    """Seconds until the next look, after one that took so many."""
    sharing = len(_waiting) if took > interval else 1
    return max(interval, min(_REST * took * sharing, _MOST * stretched(interval)))


ADDRESSED = 'read -rd "" routes </proc/net/route; [[ $routes == *eth0* ]]'
"""A test for `loop`: eth0 has an IPv4 address, as the network that comes with it shows.
Without a program: where a machine is short of processors, `ip` ten times a second kept it
from answering anybody else."""


def loop(test: str, interval: float = 0.1) -> list[str]:
    """A command that ends when the shell test holds, without starting a process a look.

    A machine that boots needs its processor: bash reads from a pipe that
    nobody writes to instead of starting `sleep`.
    """
    return ["bash", "-c", f"exec 3<> <(:); until {test}; do read -rt {interval} -u 3 || :; done"]


async def ask(
    connect: Connect,
    machine: str,
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    seconds: float = 5.0,
) -> Completed | None:
    """Ask a daemon through its tool; None if the tool gets no answer in time.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    try:
        return await connect(machine).run(
            argv, stdin=stdin, check=False, timeout=stretched(seconds)
        )
    except MachineDown:
        raise
    except CommandFailed:
        return None
