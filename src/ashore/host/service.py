"""A process that outlives the program that starts it, and comes back when it ends.

On a host with systemd it is a transient unit; elsewhere a shell loop starts it
again when it ends, both in a control group that carries the service's name.
"""

import contextlib
import os
import shlex
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ashore.errors import AshoreError
from ashore.host import cgroups
from ashore.host.files import write
from ashore.host.run import run
from ashore.host.wait import until
from ashore.patience import VARIABLE, patience

_SLICE = "ashore.slice"
_GRACE = 12.0  # s; the Redfish service gives running resets 10
_KILLED = 5.0  # s
_STARTED = 20.0  # s; takes some milliseconds


def systemd_runs() -> bool:
    """sd_booted(3): whether systemd is PID 1."""
    return Path("/run/systemd/system").is_dir()


def release(pids: Iterable[int]) -> None:
    """Take processes out of the group of the service that started them: they outlive it.

    For hosts without systemd. There, what is to stay is a unit of its own anyway.
    """
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            (_root() / "cgroup.procs").write_text(str(pid))


def _root() -> Path:
    """The hierarchy in which services without systemd have their groups.

    Raises:
        AshoreError: there is none.
    """
    found = cgroups.hierarchies()
    root = found.controllers.get("name=systemd") or found.unified
    if root is None:
        raise AshoreError(
            "no name=systemd cgroup hierarchy is mounted, and systemd does not run",
            "mkdir /sys/fs/cgroup/systemd && "
            "mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd",
        )
    return root


@dataclass(frozen=True, slots=True)
class Service:
    """A program that is kept running.

    Attributes:
        name: of its control group, and without systemd's ending of its unit. It must
            not be one that a driver gives to a machine, `ashore-STACK-MACHINE`.
        title: what it is, in a sentence: "Redfish service of the Ashore stack demo".
        log: name of the file for what it prints, where systemd does not run.
    """

    name: str
    title: str
    log: str = "service.log"

    @property
    def unit(self) -> str:
        """The transient unit."""
        return f"{self.name}.service"

    def processes(self) -> list[int]:
        """What runs of it, found by label."""
        return cgroups.processes(self._group())

    async def kept(self) -> bool:
        """Whether something starts it again when it ends; at this instant it may not run."""
        if not systemd_runs():
            return bool(self.processes())
        argv = ["systemctl", "show", "--property=ActiveState", "--value", self.unit]
        return (await run(argv, quiet=True)).text in ("active", "activating", "reloading")

    def where_it_prints(self, directory: Path) -> str:
        """For a hint: the command or the file that shows what it printed."""
        return f"journalctl -u {self.unit}" if systemd_runs() else str(directory / self.log)

    async def start(self, program: Sequence[str], directory: Path) -> None:
        """Start it, of which nothing runs, and whatever starts it again when it ends.

        Args:
            program: with its arguments.
            directory: for the script and for what the program prints.
        """
        if systemd_runs():
            # A unit that failed before keeps its name until it is reset.
            await run(["systemctl", "reset-failed", self.unit], check=False)
            await run(self.unit_argv(program))
            return
        group = self._group()
        group.mkdir(parents=True, exist_ok=True)
        loop = directory / "start"
        write(loop, self.script(program, group, directory / self.log), 0o700)
        await run(["setsid", "--fork", "sh", str(loop)])

        def observe() -> str:
            return "" if cgroups.processes(group) else "no process in its control group"

        # Until then nobody who looks would find it.
        await until(f"the {self.title} is started", observe, timeout=_STARTED)

    async def stop(self) -> None:
        """End it; returns when nothing of it runs. No error if nothing did."""
        if systemd_runs():
            await run(["systemctl", "stop", self.unit], check=False, timeout=_GRACE + _KILLED)
            return
        group = self._group()

        def left(number: signal.Signals) -> str:
            pids = cgroups.processes(group)
            for pid in pids:
                _send(pid, number)
            return f"processes {pids}" if pids else ""

        what = f"the {self.title} has ended"
        for pid in _outermost(cgroups.processes(group)):
            _send(pid, signal.SIGTERM)
        with contextlib.suppress(AshoreError):
            await until(what, lambda: str(cgroups.processes(group) or ""), timeout=_GRACE)
        await until(what, lambda: left(signal.SIGKILL), timeout=_KILLED)
        await until(what, lambda: "" if cgroups.remove(group) else "group busy", timeout=_KILLED)

    def kill(self) -> list[int]:
        """End it as a crash does, and not what starts it again.

        Returns:
            The processes that were killed; empty if nothing of it ran.
        """
        pids = self.processes()
        # Without systemd the outermost is the loop, if there is anything inside of it.
        loop = [] if systemd_runs() or len(pids) < 2 else _outermost(pids)
        killed = [pid for pid in pids if pid not in loop]
        for pid in killed:
            _send(pid, signal.SIGKILL)
        return killed

    def unit_argv(self, program: Sequence[str]) -> list[str]:
        """The command that starts it under systemd."""
        properties = [
            f"Slice={_SLICE}",
            "Restart=always",
            "RestartSec=100ms",
            "StartLimitIntervalSec=0",
            f"TimeoutStopSec={_GRACE:.0f}s",
        ]
        return [
            "systemd-run",
            "--quiet",
            "--collect",
            f"--unit={self.unit}",
            f"--description={self.title}",
            *(f"--property={p}" for p in properties),
            f"--setenv={VARIABLE}={patience():g}",
            "--",
            *program,
        ]

    def script(self, program: Sequence[str], group: Path, log: Path) -> str:
        """The loop that starts it elsewhere.

        The log holds what the last run printed, so a service that cannot start
        fills no disk; one that ends at once is started once a second.
        """
        return f"""\
#!/bin/sh
# Keeps the {self.title} running until it is told to end.
exec </dev/null >/dev/null 2>&1
echo $$ >{shlex.quote(f"{group}/cgroup.procs")}
cd /
trap 'kill -TERM "$child"; wait "$child"; exit 0' TERM
while :; do
  begun=$(date +%s)
  {shlex.join(program)} >{shlex.quote(str(log))} 2>&1 &
  child=$!
  wait "$child"
  if [ $(($(date +%s) - begun)) -ge 5 ]; then sleep 0.1; else sleep 1; fi
done
"""

    def _group(self) -> Path:
        if systemd_runs():
            unified = cgroups.hierarchies().unified or Path("/sys/fs/cgroup")
            return unified / _SLICE / self.unit
        return _root() / self.name


def _outermost(pids: list[int]) -> list[int]:
    """The loop, or a service that lost it; not the commands that a service has running."""
    found: list[int] = []
    for pid in pids:
        with contextlib.suppress(OSError):
            # proc(5): the parent is the second field after the name's parenthesis.
            after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if int(after[1]) not in pids:
                found.append(pid)
    return found


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
