"""How the program acts on a machine: `run`, `put`, `get`, and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ashore.host.run import CommandFailed, Completed

__all__ = ["CommandFailed", "Completed", "Connect", "MachineDown", "Transport"]


class Transport(Protocol):
    """A way into one machine, as root."""

    machine: str

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float = 60.0,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command on the machine.

        Args:
            timeout: seconds; the command is killed afterwards.
            check: raise on a non-zero return code.

        Raises:
            CommandFailed: not started, timed out, or non-zero with `check`.
        """
        ...

    async def put(
        self, path: str, content: bytes, *, mode: int = 0o644, owner: str = "root:root"
    ) -> None:
        """Write a whole file atomically (temporary file beside it, then rename)."""
        ...

    async def get(self, path: str) -> bytes:
        """Read a whole file. Raises CommandFailed if it is not there."""
        ...


class MachineDown(CommandFailed):
    """The machine is not there or not running, so nothing can be asked of it."""

    def __init__(self, machine: str, why: str) -> None:
        super().__init__(f"{machine}: {why}", "`ashore up` starts what is missing", None)


Connect = Callable[[str], Transport]
"""The transport of a machine by its short name. Never fails; `run` does."""
