"""`ashore drill`."""

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from ashore.cli.common import Output, Target, drive
from ashore.errors import AshoreError, ExitCode

drill = App(name="drill", help="Break the stack on purpose, measure what happens, and mend it.")


@drill.command(name="list")
def list_(target: Target | None = None, *, output: Output = "text") -> None:
    """List the drills: what each does, and what should happen."""
    from ashore.app.drill import listing
    from ashore.app.select import select

    found = listing(select(target or Target()))
    if output == "json":
        print(json.dumps({"drills": found}))  # noqa: T201
        return
    from ashore.console.drills import table

    sys.stdout.write(table(found))


@drill.command
def run(
    *names: Annotated[str, Parameter(help="drills, in this order")],
    target: Target | None = None,
    every: Annotated[
        bool, Parameter(name="--all", negative="", help="every drill that this stack can run")
    ] = False,
    suite: Annotated[str | None, Parameter(help="every test of a suite: pacemaker")] = None,
    output: Output = "text",
) -> int:
    """Run drills. Exit code 5 unless all of them pass."""
    if not names and not every and suite is None:
        raise AshoreError("no drill named", "`ashore drill list` names them", ExitCode.USAGE)
    return drive(_run(target or Target(), names, every, suite, output))


async def _run(
    target: Target, names: tuple[str, ...], every: bool, suite: str | None, output: str
) -> int:
    from ashore.app.drill import able, drills
    from ashore.app.select import select
    from ashore.console.choose import console
    from ashore.drill.run import exit_code

    chosen = select(target)
    wanted = able(chosen) if every else [*names]
    with console(output) as emit:
        documents = await drills(chosen, wanted, suite, emit)
    if output == "json":
        from ashore.report.rows import summary

        print(json.dumps(summary(documents)))  # noqa: T201
    return exit_code(documents)


@drill.command
def report(
    target: Target | None = None,
    *,
    to: Annotated[Path | None, Parameter(help="HTML file to write")] = None,
    output: Output = "text",
) -> None:
    """Show every kept result: as JSON, or as a page with plots."""
    from ashore.app.drill import results
    from ashore.app.select import select

    chosen = select(target or Target())
    documents = results(chosen)
    if output == "json":
        from ashore.report.rows import summary

        print(json.dumps(summary(documents)))  # noqa: T201
        return
    from ashore.report.page import html

    path = to or Path(f"{chosen.stack.name}-drills.html")
    try:
        path.write_text(html(documents), encoding="utf-8")
    except OSError as error:
        raise AshoreError(f"{path}: {error.strerror}", "", ExitCode.USAGE) from error
    sys.stderr.write(f"Wrote {path}\n")
