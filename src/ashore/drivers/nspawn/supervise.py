"""The difference between hosts: who keeps a machine running, and in which cgroup."""

import contextlib
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ashore.drivers.nspawn.layout import Definition, Layout
from ashore.drivers.shared.names import Names
from ashore.host import cgroups
from ashore.host.service import systemd_runs

_PF_EXITING = 0x4
"""Linux, include/linux/sched.h: set before a task gives up what it has, and never cleared."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a machine may use: processors and bytes; None for no limit."""

    cpus: float | None
    memory: int | None


class Supervisor(Protocol):
    """Runs machines so that they outlive the program that started them."""

    legacy: bool

    def found(self) -> dict[str, bool]:
        """Machines that left a trace on the host, and whether anything of them runs."""
        ...

    def leader(self, machine: str) -> int | None:
        """The machine's PID 1 as the host sees it, once it is in its namespaces."""
        ...

    def joins(self, machine: str) -> tuple[Path, ...]:
        """The cgroup.procs files through which a command enters the machine's groups."""
        ...

    def limits(self, machine: str) -> Limits:
        """The limits in force."""
        ...

    async def limit(self, definition: Definition) -> None:
        """Put the definition's limits in force on a running machine."""
        ...

    async def start(self, definition: Definition, layout: Layout) -> None:
        """Start a machine of which nothing runs; returns when its PID 1 is there."""
        ...

    async def kill(self, machine: str) -> None:
        """As if the cord was pulled; returns when nothing of it runs any more."""
        ...

    async def reap(self, machine: str) -> None:
        """After `kill`: returns when its last process has left this host, and no group is left."""
        ...

    async def clear(self) -> None:
        """Remove what the stack's machines had in common. Nothing of them runs."""
        ...


def choose(names: Names) -> Supervisor:
    """The supervisor that fits this host."""
    if systemd_runs():
        from ashore.drivers.nspawn.systemd import SystemdSupervisor

        return SystemdSupervisor(names)
    from ashore.drivers.nspawn.legacy import LegacySupervisor

    return LegacySupervisor(names)


def leader(machine_group: Path) -> int | None:
    """The PID 1 of the container below a group that nspawn divided into two.

    It moves into init.scope when systemd itself runs, so whoever finds it there
    finds the machine's namespaces complete. Commands that entered the machine
    may be there too, so the process's own number in its namespace decides.
    """
    for pid in cgroups.members(machine_group / "payload/init.scope"):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            numbers = next(s for s in status.splitlines() if s.startswith("NSpid:")).split()
            if len(numbers) > 2 and numbers[-1] == "1":
                return pid
    return None


def linked(leader: int) -> bool:
    """Whether the machine has its eth0, whose other end is on the bridge."""
    with contextlib.suppress(OSError):
        return "eth0:" in Path(f"/proc/{leader}/net/dev").read_text()
    return False


def exiting(pid: int) -> bool:
    """Whether a process is past its last instruction, and the kernel only clears up behind it.

    The last one of a machine unmounts its root, for which the kernel first writes out whatever
    this host has not written to that disk yet: half a second was seen, and it may be many.
    """
    # proc_pid_stat(5): the name may hold anything, a parenthesis too; the flags are the seventh
    # field after it. Only what is gone counts as ended: whoever fences relies on it.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                fields = (task / "stat").read_text().rpartition(")")[2].split()
                if not int(fields[6]) & _PF_EXITING:
                    return False
    return True


def end(pids: Iterable[int]) -> None:
    """Kill processes; those that are gone already do not matter."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
