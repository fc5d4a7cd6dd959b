"""`ashore doctor`."""

import json
import sys
from dataclasses import asdict

from ashore.cli.common import Output, Target, drive
from ashore.errors import ExitCode


def doctor(target: Target | None = None, *, output: Output = "text") -> int:
    """Look at this host: what a stack needs of it, and how to mend what is missing."""
    return drive(_doctor(target or Target(), output))


async def _doctor(target: Target, output: str) -> int:
    from ashore.app.doctor import findings
    from ashore.app.select import select
    from ashore.drivers.base import Level

    chosen = select(target)
    found = await findings(chosen)
    fit = all(f.level is not Level.ERROR for f in found)
    if output == "json":
        print(json.dumps({"fit": fit, "findings": [asdict(f) for f in found]}))  # noqa: T201
    else:
        from ashore.console.tables import findings_table

        sys.stdout.write(findings_table(found))
    return ExitCode.DONE if fit else ExitCode.HOST
