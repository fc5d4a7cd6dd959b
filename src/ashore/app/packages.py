"""Distribution packages of this host: told first, then installed."""

import shutil
import sys
from collections.abc import Iterable

from ashore.drivers.base import Finding, Level
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Note
from ashore.host.run import CommandFailed, run

_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300", "-y", "--no-install-recommends")
_SECONDS = 900.0


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
    if ask and not _agreed():
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


def _agreed() -> bool:
    sys.stderr.write("Install them now? [Y/n] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")
