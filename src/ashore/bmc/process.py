"""The service as a process that outlives the program that starts it.

On a host with systemd it is a transient unit; elsewhere a shell loop starts
the service again when it ends, both in a control group that carries the
stack's name. Neither name can be taken for a machine's: the drivers look for
`ashore-STACK-MACHINE` and `ashore-STACK/MACHINE`.
"""

import contextlib
import os
import shlex
import signal
from collections.abc import Sequence
from pathlib import Path

from ashore.errors import AshoreError
from ashore.host import cgroups
from ashore.host.files import write
from ashore.host.run import run
from ashore.host.wait import until
from ashore.patience import VARIABLE, patience

_SLICE = "ashore.slice"
_GRACE = 12.0  # s; the service gives running resets 10
_KILLED = 5.0  # s
_LOG = "service.log"


def unit(stack: str) -> str:
    """The transient unit."""
    return f"ashore-{stack}.bmc.service"


def systemd_runs() -> bool:
    """sd_booted(3): whether systemd is PID 1."""
    return Path("/run/systemd/system").is_dir()


def processes(stack: str) -> list[int]:
    """What runs of the service, found by label."""
    return cgroups.processes(_group(stack))


def where_it_prints(stack: str, directory: Path) -> str:
    """For a hint: the command or the file that shows what the service printed."""
    return f"journalctl -u {unit(stack)}" if systemd_runs() else str(directory / _LOG)


async def start(stack: str, program: Sequence[str], directory: Path) -> None:
    """Start the service, of which nothing runs, and whatever starts it again when it ends.

    Args:
        program: absolute, with its arguments.
        directory: for the script and for what the program prints.
    """
    if systemd_runs():
        # A unit that failed before keeps its name until it is reset.
        await run(["systemctl", "reset-failed", unit(stack)], check=False)
        await run(unit_argv(stack, program))
        return
    group = _group(stack)
    group.mkdir(parents=True, exist_ok=True)
    loop = directory / "start"
    write(loop, script(stack, program, group, directory / _LOG), 0o700)
    await run(["setsid", "--fork", "sh", str(loop)])


async def stop(stack: str) -> None:
    """End the service; returns when nothing of it runs. No error if nothing did."""
    if systemd_runs():
        await run(["systemctl", "stop", unit(stack)], check=False, timeout=_GRACE + _KILLED)
        return
    group = _group(stack)

    def left(number: signal.Signals) -> str:
        pids = cgroups.processes(group)
        for pid in pids:
            _send(pid, number)
        return f"processes {pids}" if pids else ""

    what = f"the Redfish service of {stack} has ended"
    for pid in _outermost(cgroups.processes(group)):
        _send(pid, signal.SIGTERM)
    with contextlib.suppress(AshoreError):
        await until(what, lambda: str(cgroups.processes(group) or ""), timeout=_GRACE)
    await until(what, lambda: left(signal.SIGKILL), timeout=_KILLED)
    await until(what, lambda: "" if cgroups.remove(group) else "group busy", timeout=_KILLED)


def kill(stack: str) -> list[int]:
    """End the service as a crash does, and not what starts it again.

    Returns:
        The processes that were killed; empty if nothing of it ran.
    """
    pids = processes(stack)
    # Without systemd the outermost is the loop, if there is anything inside of it.
    loop = [] if systemd_runs() or len(pids) < 2 else _outermost(pids)
    killed = [pid for pid in pids if pid not in loop]
    for pid in killed:
        _send(pid, signal.SIGKILL)
    return killed


def unit_argv(stack: str, program: Sequence[str]) -> list[str]:
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
        f"--unit={unit(stack)}",
        f"--description=Redfish service of the Ashore stack {stack}",
        *(f"--property={p}" for p in properties),
        f"--setenv={VARIABLE}={patience():g}",
        "--",
        *program,
    ]


def script(stack: str, program: Sequence[str], group: Path, log: Path) -> str:
    """The loop that starts it elsewhere.

    The log holds what the last run printed, so a service that cannot start
    fills no disk; one that ends at once is started once a second.
    """
    return f"""\
#!/bin/sh
# Keeps the Redfish service of stack {stack} running until it is told to end.
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


def _group(stack: str) -> Path:
    if systemd_runs():
        unified = cgroups.hierarchies().unified or Path("/sys/fs/cgroup")
        return unified / _SLICE / unit(stack)
    found = cgroups.hierarchies()
    root = found.controllers.get("name=systemd") or found.unified
    if root is None:
        raise AshoreError(
            "no name=systemd cgroup hierarchy is mounted, and systemd does not run",
            "mkdir /sys/fs/cgroup/systemd && "
            "mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd",
        )
    return root / f"ashore-{stack}.bmc"


def _outermost(pids: list[int]) -> list[int]:
    """The loop, or a service that lost it; not the commands that a running reset needs."""
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
