"""The processes of virtual machines, found by what stands on their command lines."""

import contextlib
import os
import select
import signal
from pathlib import Path

from ashore.drivers.qemu.layout import Definition, Layout
from ashore.drivers.shared.names import Names
from ashore.host.run import run
from ashore.host.service import release, systemd_runs
from ashore.host.wait import until

PROC = Path("/proc")

_GONE = 30.0  # s; a killed process needs some milliseconds, on a busy host more
_STARTED = 60.0  # s; needs 0.1 alone


def found(names: Names) -> dict[str, list[int]]:
    """The stack's machines that run, each with its processes' numbers."""
    prefix = names.container("")
    machines: dict[str, list[int]] = {}
    for entry in os.scandir(PROC):
        if not entry.name.isdigit():
            continue
        label = _label(Path(entry.path))
        name = label.removeprefix(prefix)
        # Another stack's name may begin with this one's and a hyphen.
        if label.startswith(prefix) and name and "-" not in name:
            machines.setdefault(name, []).append(int(entry.name))
    return machines


def _label(process: Path) -> str:
    """What QEMU was told to call its machine; nothing of other processes and of dead ones."""
    with contextlib.suppress(OSError):
        argv = (process / "cmdline").read_bytes().split(b"\0")
        if b"qemu-system" in argv[0] and b"-name" in argv:
            return argv[argv.index(b"-name") + 1].decode(errors="replace")
    return ""


def started(
    argv: list[str], definition: Definition, layout: Layout, names: Names, *, systemd: bool
) -> list[str]:
    """The command that starts QEMU and comes back when it runs by itself.

    A transient unit where systemd is PID 1: what was started from somebody's
    session would end with it. A unit also enforces the fraction of a processor.
    """
    enter = ["nsenter", f"--net=/run/netns/{names.fabric}", "--", *argv]
    if not systemd:
        return [*enter, "-daemonize"]
    properties = [
        "Slice=ashore.slice",
        f"CPUQuota={definition.cpus * 100:.0f}%",
        "CollectMode=inactive-or-failed",
        f"StandardError=append:{layout.errors}",
    ]
    name = definition.machine
    return [
        *("systemd-run", "--quiet", f"--unit={names.unit(name)}", "--service-type=exec"),
        f"--description={name} of the Ashore stack {names.stack}",
        *(f"--property={p}" for p in properties),
        "--",
        *enter,
    ]


async def start(argv: list[str], definition: Definition, layout: Layout, names: Names) -> None:
    """Start a machine of which nothing runs; returns when it can be spoken to.

    Raises:
        AshoreError: QEMU did not start; what it said is in the message.
    """
    for socket in (layout.qmp, layout.console_socket):
        socket.unlink(missing_ok=True)
    systemd = systemd_runs()
    if systemd:
        # A unit that was just killed keeps its name until it is reset.
        await run(["systemctl", "reset-failed", names.unit(definition.machine)], check=False)
    await run(started(argv, definition, layout, names, systemd=systemd), timeout=_STARTED)

    def observe() -> str:
        if layout.qmp.exists() and definition.machine in found(names):
            return ""
        with contextlib.suppress(OSError):
            return layout.errors.read_text(errors="replace")[-500:] or "no process"
        return "no process"

    await until(f"{definition.machine} is powered on", observe, timeout=_STARTED)
    if not systemd:
        # The Redfish service may have started it, and would take it along when it is restarted.
        release(found(names).get(definition.machine, []))


async def kill(names: Names, machine: str) -> None:
    """As if the cord was pulled; returns when it has let go of its disks and of its tap.

    A dying process first loses its command line, then its memory, which of a machine takes
    time, and its files after that: the next QEMU would find its disks locked.
    """
    with contextlib.ExitStack() as stack:
        dying: dict[int, int] = {}

        def left() -> str:
            for pid in found(names).get(machine, []):
                with contextlib.suppress(ProcessLookupError):
                    if pid not in dying:
                        dying[pid] = os.pidfd_open(pid)
                        stack.callback(os.close, dying[pid])
                    signal.pidfd_send_signal(dying[pid], signal.SIGKILL)
            pids = [pid for pid, handle in dying.items() if not _ended(handle)]
            return f"processes {pids}" if pids else ""

        await until(f"{machine} is off", left, timeout=_GONE, interval=0.01)
    if systemd_runs():
        # Returns when systemd, too, knows that it has ended: the name is free then.
        await run(["systemctl", "stop", names.unit(machine)], check=False, timeout=_GONE)


def _ended(handle: int) -> bool:
    """pidfd_open(2): it can be read from when the process has terminated."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(0))
