"""`ashore demo`."""

import json
import sys
from typing import Annotated

from cyclopts import App, Parameter

from ashore.cli.common import Output, Target, drive
from ashore.errors import ExitCode

demo = App(name="demo", help="A guestbook on the stack: built, pushed, run, opened by its name.")


@demo.command
def up(
    target: Target | None = None,
    *,
    yes: Annotated[
        bool, Parameter(name=["--yes", "-y"], negative="", help="install packages without asking")
    ] = False,
    output: Output = "text",
) -> int:
    """Build the guestbook on the stack, push it to its registry, and run it."""
    return drive(_up(target or Target(), yes, output))


async def _up(target: Target, yes: bool, output: str) -> int:
    from ashore.app import demo as case
    from ashore.app.select import select
    from ashore.console.choose import console

    with console(output) as emit:
        ask = not yes and output == "text" and sys.stdin.isatty()
        found = await case.up(select(target), emit, ask=ask)
    if output == "json":
        print(json.dumps(found))  # noqa: T201
    else:
        from ashore.console.chain import seconds_table

        sys.stdout.write(seconds_table(found))
    return ExitCode.DONE


@demo.command
def status(target: Target | None = None, *, output: Output = "text") -> int:
    """Open every link from the image to the page. Exit code 4 if one is broken."""
    return drive(_status(target or Target(), output))


async def _status(target: Target, output: str) -> int:
    from ashore.app import demo as case
    from ashore.app.select import select

    found = await case.status(select(target))
    if output == "json":
        print(json.dumps(found))  # noqa: T201
    else:
        from ashore.console.chain import table

        sys.stdout.write(table(found))
    return ExitCode.DONE if found["healthy"] else ExitCode.UNHEALTHY


@demo.command
def down(target: Target | None = None, *, output: Output = "text") -> int:
    """Remove the guestbook with its data; its image stays in the registry."""
    return drive(_down(target or Target(), output))


async def _down(target: Target, output: str) -> int:
    from ashore.app import demo as case
    from ashore.app.select import select
    from ashore.console.choose import console

    with console(output) as emit:
        await case.down(select(target), emit)
    return ExitCode.DONE
