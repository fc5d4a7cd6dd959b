"""`ashore console`."""

from typing import Annotated

from cyclopts import Parameter

from ashore.cli.common import Target, drive


def console(
    name: Annotated[str, Parameter(help="a machine's name")], *, target: Target | None = None
) -> int:
    """Open the serial console of a virtual machine; it works without its network."""
    return drive(_console(target or Target(), name))


async def _console(target: Target, name: str) -> int:
    from ashore.app.console import attach
    from ashore.app.select import select

    return await attach(select(target), name)
