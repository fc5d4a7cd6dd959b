"""Distribution packages of this host: told first, then installed."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterable

from ashore.drivers.base import Finding, Level
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Note
from ashore.host.run import CommandFailed, run

_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300", "-y", "--no-install-recommends")
_SECONDS = 900.0
_LINE = 1024  # bytes; more than an answer has


def missing(found: Iterable[Finding]) -> tuple[str, ...]:
    """The packages that would mend the findings that are no warnings."""
    wanted = [p for f in found if f.level is Level.ERROR for p in f.packages]
    return tuple(dict.fromkeys(wanted))


async def absent(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the packages that are not installed; all of them where there is no dpkg."""
    if not names or shutil.which("dpkg-query") is None:
        return names
    done = await run(
        ("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names), check=False
    )
    installed = {line.split()[0] for line in done.text.splitlines() if line.endswith(" installed")}
    return tuple(name for name in names if name not in installed)


async def install(packages: tuple[str, ...], emit: Emit, *, ask: bool) -> None:
    """Install packages with the host's package manager.

    Args:
        packages: names in Debian and Ubuntu.
        ask: let the user agree first.

    Raises:
        AshoreError: refused by the user, no apt here, or apt failed.
    """
    if shutil.which("apt-get") is None:
        raise AshoreError(
            f"this host lacks programs that Debian calls: {' '.join(packages)}",
            "install them with this distribution's package manager, then run it again",
            ExitCode.HOST,
        )
    emit(Note(f"This host needs packages: {' '.join(packages)}"))
    if ask and not await _agreed():
        raise AshoreError("not installed", f"apt-get install {' '.join(packages)}", ExitCode.HOST)
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    command = (*_APT, "install", *packages)
    try:
        await run(command, env=environment, timeout=_SECONDS)
    except CommandFailed:
        # Lists that are missing or name versions that have gone are the usual
        # cause; a second failure is a real one.
        await run((*_APT, "update"), env=environment, timeout=_SECONDS)
        await run(command, env=environment, timeout=_SECONDS)


async def _agreed() -> bool:
    sys.stderr.write("Install them now? [Y/n] ")
    sys.stderr.flush()
    answer = await _line(sys.stdin.fileno())
    # A return alone takes what is offered. The end of input answers nothing,
    # and without an answer nothing is installed.
    return answer != b"" and answer.strip().lower() in (b"", b"y", b"yes")


async def _line(descriptor: int) -> bytes:
    """A line as it was typed; empty at the end of input.

    A plain `readline` could not be interrupted: the loop handles signals, and
    it does not run while something else reads.
    """
    line = b""
    while not line.endswith(b"\n"):
        await _readable(descriptor)
        more = os.read(descriptor, _LINE)
        if not more:
            break
        line += more
    return line


async def _readable(descriptor: int) -> None:
    """Wait for input, or for the end of it."""
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(descriptor, there.set)
    except PermissionError:
        return  # epoll takes neither files nor /dev/null: there is nothing to wait for
    try:
        await there.wait()
    finally:
        loop.remove_reader(descriptor)
