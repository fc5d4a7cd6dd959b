"""`ashore power`."""

import json
from typing import Annotated, Literal

from cyclopts import Parameter

from ashore.cli.common import Output, Target, drive


def power(
    action: Annotated[
        Literal["status", "on", "off", "reset"],
        Parameter(help="off is as if the cord was pulled; reset is off and on"),
    ],
    name: Annotated[str, Parameter(help="a machine's name")],
    *,
    target: Target | None = None,
    output: Output = "text",
) -> int:
    """Switch one machine, or say whether it is on."""
    return drive(_power(target or Target(), action, name, output))


async def _power(target: Target, action: str, name: str, output: str) -> int:
    from ashore.app import power as switches
    from ashore.app.select import select

    chosen = select(target)
    if action == "status":
        state = await switches.status(chosen, name)
    else:
        state = await switches.switch(chosen, name, action)
    print(json.dumps({"name": name, "power": state}) if output == "json" else state)  # noqa: T201
    return 0
