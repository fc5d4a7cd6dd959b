"""A host with systemd as PID 1 and cgroup version 2 (what users have)."""

import contextlib
import os
import shlex
from functools import partial
from pathlib import Path

from ashore.drivers.nspawn import command
from ashore.drivers.nspawn.layout import REALTIME_WEIGHT, Definition, Layout
from ashore.drivers.nspawn.supervise import Limits, end, leader
from ashore.drivers.shared.names import Names
from ashore.host import cgroups
from ashore.host.run import run
from ashore.host.wait import until

_SLICE = "ashore.slice"
_GONE = 60.0  # s; a killed machine needs 0.1 to 0.3, on a busy host far more
_STARTED = 60.0  # s; needs 0.2 alone
_SUBGROUP = 254  # the first systemd that puts a delegated unit's process in a subgroup


class SystemdSupervisor:
    """Machines as transient units in a slice."""

    legacy = False

    def __init__(self, names: Names) -> None:
        self._names = names
        unified = cgroups.hierarchies().unified or Path("/sys/fs/cgroup")
        self._slice = unified / _SLICE

    def found(self) -> dict[str, bool]:
        prefix, suffix = self._names.container(""), ".service"
        machines: dict[str, bool] = {}
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(self._slice):
                name = entry.name.removeprefix(prefix).removesuffix(suffix)
                # Another stack's name may begin with this one's and a hyphen.
                if entry.name == self._names.unit(name) and "-" not in name:
                    machines[name] = bool(cgroups.processes(Path(entry.path)))
        return machines

    def leader(self, machine: str) -> int | None:
        return leader(self._group(machine))

    def joins(self, machine: str) -> tuple[Path, ...]:
        # Groups with controllers take no processes, init.scope is a leaf.
        return (self._group(machine) / "payload/init.scope/cgroup.procs",)

    def limits(self, machine: str) -> Limits:
        group = self._group(machine)
        try:
            quota, period = (group / "cpu.max").read_text().split()
            memory = (group / "memory.max").read_text().strip()
        except FileNotFoundError:
            return Limits(None, None)
        return Limits(
            cpus=None if quota == "max" else int(quota) / int(period),
            memory=None if memory == "max" else int(memory),
        )

    async def limit(self, definition: Definition) -> None:
        unit = self._names.unit(definition.machine)
        await run(["systemctl", "set-property", "--runtime", unit, *_limits(definition)])

    async def start(self, definition: Definition, layout: Layout) -> None:
        unit = self._names.unit(definition.machine)
        # A unit that failed before keeps its name until it is reset.
        await run(["systemctl", "reset-failed", unit], check=False)
        version = (await run(["systemctl", "--version"], quiet=True)).text
        await run(argv(definition, layout, self._names, int(version.split()[1])))
        await until(
            f"{definition.machine} is powered on",
            lambda: "" if self.leader(definition.machine) else layout.last_words(),
            timeout=_STARTED,
        )

    async def kill(self, machine: str) -> None:
        group = self._group(machine)
        with contextlib.suppress(FileNotFoundError):
            (group / "payload/cgroup.kill").write_text("1")

        def left(directory: Path) -> str:
            pids = cgroups.processes(directory)
            end(pids)
            return f"processes {pids}" if pids else ""

        for part in ("payload", "supervisor"):
            await until(
                f"{machine} is off", partial(left, group / part), timeout=_GONE, interval=0.005
            )
        # Ends when ExecStopPost has: killed, it would leave what refuses the next start.
        await run(["systemctl", "stop", self._names.unit(machine)], check=False, timeout=_GONE)
        await until(f"{machine} is off", partial(left, group), timeout=_GONE, interval=0.005)

    async def reap(self, machine: str) -> None:
        """Nothing: a unit that has stopped has no process and no group."""

    async def clear(self) -> None:
        """Nothing: the slice is every stack's, and stays, empty, until the host's next boot."""

    def _group(self, machine: str) -> Path:
        return self._slice / self._names.unit(machine)


def _limits(definition: Definition) -> list[str]:
    weight = 100 * (REALTIME_WEIGHT if definition.realtime else 1)
    quota = f"CPUQuota={definition.cpus * 100:.0f}%"
    return [quota, f"CPUWeight={weight}", f"MemoryMax={definition.memory}"]


def argv(definition: Definition, layout: Layout, names: Names, version: int) -> list[str]:
    """The transient unit of a machine.

    The root is mounted in a mount namespace of the unit's own, so nothing stays
    mounted on the host whichever way the machine ends.

    Args:
        version: of the host's systemd. Before 254 nspawn itself leaves the
            unit's group for a subgroup.
    """
    name = definition.machine
    export = f"/run/systemd/nspawn/unix-export/{names.container(name)}"
    properties = [
        f"Slice={_SLICE}",
        "NotifyAccess=all",
        "Delegate=yes",
        *(["DelegateSubgroup=supervisor"] if version >= _SUBGROUP else []),
        "KillMode=mixed",
        # `up` waits for the boot itself, and says what it waits for.
        "TimeoutStartSec=infinity",
        "TasksMax=infinity",
        # systemd-nspawn(1): 133 asks whoever started it to start it again.
        "SuccessExitStatus=133",
        "RestartForceExitStatus=133",
        "CollectMode=inactive-or-failed",
        "DevicePolicy=closed",
        "DeviceAllow=char-pts",
        "DeviceAllow=/dev/fuse",
        # A killed nspawn leaves it mounted, and the next start is refused.
        f"ExecStopPost=-/bin/sh -c 'umount {export} 2>/dev/null; rmdir {export} 2>/dev/null'",
        f"StandardOutput=append:{layout.console}",
        f"StandardError=append:{layout.console}",
        *_limits(definition),
    ]
    start = [*command.nspawn(definition, layout, names), "--register=yes", "--notify-ready=yes"]
    inside = f"{shlex.join(command.overlay(definition, layout))} && exec {shlex.join(start)}"
    return [
        "systemd-run",
        "--quiet",
        "--no-block",
        f"--unit={names.unit(name)}",
        f"--description={name} of the Ashore stack {names.stack}",
        "--service-type=notify",
        *(f"--property={p}" for p in properties),
        *(f"--setenv={k}={v}" for k, v in command.ENVIRONMENT.items()),
        "--",
        "unshare",
        "--mount",
        "--propagation=slave",
        "sh",
        "-c",
        inside,
    ]
