"""What this host lacks for a stack, as findings with fixes."""

from collections.abc import Iterable

from ashore.app import packages
from ashore.app.select import Chosen
from ashore.drivers.base import Finding, Level
from ashore.errors import AshoreError, ExitCode


async def findings(chosen: Chosen) -> list[Finding]:
    """Look at the host for the chosen stack; changes nothing."""
    from ashore.app import disk, driver

    found = await driver.preflight(chosen)
    wanted = driver.host_packages(chosen)
    if lacking := await packages.absent(wanted):
        found.append(
            Finding(
                id="build-packages",
                level=Level.ERROR,
                what=f"not installed: {' '.join(lacking)}",
                why="programs and the golden image are not in the cache and must be built",
                fix=f"apt-get install {' '.join(lacking)}",
                packages=lacking,
            )
        )
    found += await disk.findings(chosen)
    return found


def refuse(found: Iterable[Finding]) -> None:
    """Raise exit code 3 naming every error, unless there is none."""
    errors = [f for f in found if f.level is Level.ERROR]
    if errors:
        raise AshoreError(
            "this host is not fit for the stack:\n"
            + "\n".join(f"  {f.id}: {f.what} ({f.why})\n    fix: {f.fix}" for f in errors),
            "`ashore doctor` shows every finding",
            ExitCode.HOST,
        )
