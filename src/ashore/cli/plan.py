"""`ashore plan`."""

import json
import sys

from ashore.cli.common import Output, Target, drive


def plan(target: Target | None = None, *, output: Output = "text") -> int:
    """Say what `up` would change, and change nothing."""
    return drive(_plan(target or Target(), output))


async def _plan(target: Target, output: str) -> int:
    from ashore.app.plan import changes
    from ashore.app.select import select

    found = await changes(select(target))
    if output == "json":
        print(json.dumps({"changes": found}))  # noqa: T201
    else:
        from ashore.console.tables import plan_table

        sys.stdout.write(plan_table(found))
    return 0
