"""Into a machine by its namespaces: no network, no daemon, a few milliseconds."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ashore.host.run import CommandFailed, Completed, run
from ashore.transport.base import MachineDown
from ashore.transport.shell import ENVIRONMENT, PUT

Leader = Callable[[], int | None]
"""Finds the machine's PID 1 as the host sees it; None if the machine is not running."""

Joins = Callable[[], tuple[Path, ...]]
"""Finds the cgroup.procs files of the machine's control groups."""

# Everything but the user namespace: machines share the host's.
_NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")

# nsenter's own fork (sys-utils/nsenter.c, continue_as_child) stops itself when its child is
# stopped, outside of the machine, where nobody continues it. systemd stops every process of a
# machine that shuts down, kills it, and waits until its parent has collected it. unshare's
# fork only waits, and ends by the same code or signal as its child.
_FORK = ("/usr/bin/unshare", "--fork", "--")


class NsenterTransport:
    """A `Transport` to a machine that is a container on this computer."""

    def __init__(self, machine: str, leader: Leader, joins: Joins) -> None:
        self.machine = machine
        self._leader = leader
        self._joins = joins

    def argv(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> list[str]:
        """The command as it runs on the host, to be exec'ed with the caller's terminal.

        The process joins the machine's control groups first, so that what it
        uses is the machine's, and what freezes or ends the machine ends it too.

        Raises:
            MachineDown: it is not running.
        """
        leader = self._leader()
        if leader is None:
            raise MachineDown(self.machine, "the machine is not running")
        variables = [f"{k}={v}" for k, v in (ENVIRONMENT | dict(env or {})).items()]
        target = ["nsenter", f"--target={leader}", *_NAMESPACES, "--no-fork", "--"]
        enter = [*target, *_FORK, "/usr/bin/env", "-i", *variables, *command]
        joins = shlex.join(map(str, self._joins()))
        script = f'for group in {joins}; do echo $$ >"$group"; done && exec "$@"'
        return ["sh", "-c", script, "sh", *enter]

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float = 60.0,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """See `Transport.run`."""
        command = self.argv(argv, env)
        return await self._run(command, stdin=stdin, timeout=timeout, check=check)

    async def put(
        self, path: str, content: bytes, *, mode: int = 0o644, owner: str = "root:root"
    ) -> None:
        """See `Transport.put`."""
        arguments = [path, f"{mode:04o}", owner]
        await self.run(["sh", "-c", PUT, "sh", *arguments], stdin=content)

    async def get(self, path: str) -> bytes:
        """See `Transport.get`."""
        return (await self._run(self.argv(["cat", path]), quiet=True)).stdout

    async def _run(
        self,
        command: list[str],
        *,
        stdin: bytes | None = None,
        timeout: float = 60.0,
        check: bool = True,
        quiet: bool = False,
    ) -> Completed:
        try:
            return await run(command, stdin=stdin, timeout=timeout, check=check, quiet=quiet)
        except CommandFailed as error:
            if self._leader() is None:
                raise MachineDown(self.machine, "the machine went down") from error
            raise
