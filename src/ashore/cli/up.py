"""`ashore up`."""

import sys
from typing import Annotated

from cyclopts import Parameter

from ashore.cli.common import Output, Target, drive


def up(
    target: Target | None = None,
    *,
    yes: Annotated[
        bool, Parameter(name=["--yes", "-y"], negative="", help="install packages without asking")
    ] = False,
    output: Output = "text",
) -> int:
    """Bring the stack up, or change what differs. Interrupted or failed, run it again."""
    return drive(_up(target or Target(), yes, output))


async def _up(target: Target, yes: bool, output: str) -> int:
    from ashore.app.select import select
    from ashore.app.up import up as bring_up
    from ashore.console.choose import console

    with console(output) as emit:
        return await bring_up(
            select(target), emit, ask=not yes and output == "text" and sys.stdin.isatty()
        )
