"""`ashore status`."""

import json
import sys

from ashore.cli.common import Output, Target, drive
from ashore.errors import ExitCode


def status(target: Target | None = None, *, output: Output = "text") -> int:
    """Ask the machines how they are. Exit code 4 if something is not as it should be."""
    return drive(_status(target or Target(), output))


async def _status(target: Target, output: str) -> int:
    from ashore.app.select import select
    from ashore.app.status import status as ask

    found = await ask(select(target))
    if output == "json":
        print(json.dumps(found))  # noqa: T201
    else:
        from ashore.console.tables import status_table

        sys.stdout.write(status_table(found))
    return ExitCode.DONE if found["healthy"] else ExitCode.UNHEALTHY
