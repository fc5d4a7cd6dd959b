"""A host without systemd, with cgroup version 1 (containers, sandboxes, CI).

Nobody divides the host among units here, so every machine gets a group of its
own in every hierarchy, the unified one included: nspawn takes its path from
that one, and machines that share it destroy each other's pods as orphans.
"""

import contextlib
import os
import shlex
from pathlib import Path

from ashore.drivers.nspawn import command
from ashore.drivers.nspawn.layout import REALTIME_WEIGHT, Definition, Layout
from ashore.drivers.nspawn.supervise import Limits, end, exiting, leader
from ashore.drivers.shared.names import Names
from ashore.errors import AshoreError
from ashore.host import cgroups
from ashore.host.files import write
from ashore.host.run import run
from ashore.host.wait import until

_PERIOD = 100_000  # µs; the kernel's default for cpu.cfs_period_us
_NO_MEMORY_LIMIT = 1 << 60  # the kernel shows "no limit" as the largest page-aligned number
_REALTIME_MACHINE = 100_000  # µs of each second for realtime threads
_WEIGHT = 1024  # of a group, unless told otherwise
# A group weighs as much as one process beside it unless told otherwise, and the
# host's processes sit beside the group of the whole stack. Much more than this
# would starve the program that brings the stack up.
_WEIGHT_STACK = 2 * _WEIGHT

_GONE = 60.0  # s; a killed machine needs 0.1 to 0.3, on a busy host far more
_STARTED = 60.0  # s; needs 0.2 alone


class LegacySupervisor:
    """Machines as detached process trees in groups of the stack's own."""

    legacy = True

    def __init__(self, names: Names) -> None:
        self._names = names
        self._hierarchies = cgroups.hierarchies()

    def found(self) -> dict[str, bool]:
        machines: dict[str, bool] = {}
        for root in self._hierarchies.roots():
            with contextlib.suppress(FileNotFoundError):
                for entry in os.scandir(root / self._names.cgroup):
                    if entry.is_dir():
                        machines.setdefault(entry.name, False)
        return {name: bool(self._running(name)) for name in machines}

    def _running(self, machine: str) -> list[int]:
        """Processes that may still do something: all of the machine, and who runs it."""
        inside = cgroups.processes(self._group(machine) / "payload")
        around = set(cgroups.processes(self._group(machine))) - set(inside)
        return [*inside, *(pid for pid in around if not exiting(pid))]

    def leader(self, machine: str) -> int | None:
        return leader(self._group(machine))

    def joins(self, machine: str) -> tuple[Path, ...]:
        # nspawn divides the group in two of the hierarchies, and makes the
        # payload's half the root of what the machine sees.
        halves = [(group / "payload", group) for group in self._groups(machine)]
        return tuple((half if half.is_dir() else g) / "cgroup.procs" for half, g in halves)

    def limits(self, machine: str) -> Limits:
        quota = self._read("cpu", machine, "cpu.cfs_quota_us")
        memory = self._read("memory", machine, "memory.limit_in_bytes")
        return Limits(
            cpus=quota / _PERIOD if quota and quota > 0 else None,
            memory=memory if memory and memory < _NO_MEMORY_LIMIT else None,
        )

    async def limit(self, definition: Definition) -> None:
        name = definition.machine
        self._write("cpu", name, "cpu.cfs_quota_us", int(definition.cpus * _PERIOD))
        self._write("memory", name, "memory.limit_in_bytes", definition.memory)

    async def start(self, definition: Definition, layout: Layout) -> None:
        name = definition.machine
        for group in self._groups(name):
            # What is left of a killed machine: with it the kubelet waits 75 s.
            cgroups.remove(group, below=True)
            group.mkdir(parents=True, exist_ok=True)
        self._inherit_cpuset(name)
        if definition.realtime:
            self._allow_realtime(name)
            self._write("cpu", name, "cpu.shares", _WEIGHT * REALTIME_WEIGHT)
        self._write("cpu", "", "cpu.shares", _WEIGHT_STACK)
        await self.limit(definition)
        write(layout.start, script(definition, layout, self._names, self._groups(name)), 0o755)
        detached = ["setsid", "--fork", "unshare", "--mount", "--propagation", "slave"]
        await run([*detached, "sh", str(layout.start)])
        await until(
            f"{name} is powered on",
            lambda: "" if self.leader(name) else layout.last_words(),
            timeout=_STARTED,
        )

    async def kill(self, machine: str) -> None:
        group = self._group(machine)
        end(cgroups.members(group))  # the loop that would start it again
        if pid := self.leader(machine):
            end([pid])  # the kernel kills the whole pid namespace with it
        self._thaw(machine)

        def left() -> str:
            pids = self._running(machine)
            end(pids)
            return f"processes {pids}" if pids else ""

        await until(f"{machine} is off", left, timeout=_GONE, interval=0.005)

    async def reap(self, machine: str) -> None:
        def left() -> str:
            pids = cgroups.processes(self._group(machine))
            return f"processes {pids}" if pids else ""

        await until(f"the processes of {machine} are gone", left, timeout=_GONE)
        groups = self._groups(machine)
        await until(
            f"the control groups of {machine} are gone",
            lambda: "" if cgroups.remove(*groups) else "busy",
            timeout=_GONE,
        )

    def _thaw(self, machine: str) -> None:
        """A frozen process dies only when it is thawed."""
        root = self._hierarchies.controllers.get("freezer")
        if root is not None:
            with contextlib.suppress(FileNotFoundError):
                (root / self._names.cgroup / machine / "freezer.state").write_text("THAWED")

    async def clear(self) -> None:
        for root in self._hierarchies.roots():
            cgroups.remove(root / self._names.cgroup)

    def _group(self, machine: str) -> Path:
        """The machine's group where every process of it is found.

        Not asked for on a host that has no machine of this kind, and perhaps no such hierarchy.
        """
        root = self._hierarchies.controllers.get("name=systemd")
        if root is None:
            raise AshoreError(
                "no name=systemd cgroup hierarchy is mounted, and systemd does not run",
                "mkdir /sys/fs/cgroup/systemd && "
                "mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd",
            )
        return root / self._names.cgroup / machine

    def _groups(self, machine: str) -> list[Path]:
        return [r / self._names.cgroup / machine for r in self._hierarchies.roots()]

    def _inherit_cpuset(self, machine: str) -> None:
        """A new cpuset is empty, and an empty one takes no processes."""
        root = self._hierarchies.controllers.get("cpuset")
        if root is None:
            return
        for group in (root / self._names.cgroup, root / self._names.cgroup / machine):
            for file in ("cpuset.cpus", "cpuset.mems"):
                (group / file).write_text((root / file).read_text())

    def _allow_realtime(self, machine: str) -> None:
        """Without it corosync is refused SCHED_RR (only where the kernel groups realtime)."""
        root = self._hierarchies.controllers.get("cpu")
        if root is None or not (root / "cpu.rt_runtime_us").exists():
            return
        parent = root / self._names.cgroup
        ours = sum(int(f.read_text()) for f in parent.glob("*/cpu.rt_runtime_us"))
        # The host has 0.95 s of each second to give. When other stacks took
        # them, corosync runs without realtime and says so in its log.
        with contextlib.suppress(OSError):
            (parent / "cpu.rt_runtime_us").write_text(str(ours + _REALTIME_MACHINE))
            (parent / machine / "cpu.rt_runtime_us").write_text(str(_REALTIME_MACHINE))

    def _read(self, controller: str, machine: str, file: str) -> int | None:
        root = self._hierarchies.controllers.get(controller)
        with contextlib.suppress(FileNotFoundError):
            if root:
                return int((root / self._names.cgroup / machine / file).read_text())
        return None

    def _write(self, controller: str, machine: str, file: str, value: int) -> None:
        root = self._hierarchies.controllers.get(controller)
        if root:
            (root / self._names.cgroup / machine / file).write_text(str(value))


def script(definition: Definition, layout: Layout, names: Names, groups: list[Path]) -> str:
    """What runs a machine: enter its groups, mount its root, start it again on a reboot."""
    environment = command.ENVIRONMENT | command.LEGACY_ENVIRONMENT
    start = [*command.nspawn(definition, layout, names), "--register=no", *command.LEGACY_INIT]
    procs = shlex.join(f"{group}/cgroup.procs" for group in groups)
    return f"""\
#!/bin/sh
# Runs {definition.machine} of stack {names.stack} until it is switched off.
exec >>{shlex.quote(str(layout.console))} 2>&1 </dev/null
set -e
for group in {procs}; do echo $$ >"$group"; done
{shlex.join(command.overlay(definition, layout))}
export {shlex.join(f"{k}={v}" for k, v in environment.items())}
while :; do
  code=0
  {shlex.join(start)} || code=$?
  # systemd-nspawn(1): 133 asks whoever started it to start it again.
  [ $code = 133 ] || exit $code
  find {shlex.join(map(str, groups))} -mindepth 1 -depth -type d -delete || :
done
"""
