"""`ashore docker`."""

from typing import Annotated

from cyclopts import Parameter

from ashore.cli.common import Target


def docker(
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True, help="after --")],
    target: Target | None = None,
    on: Annotated[str | None, Parameter(help="the worker; the first one by default")] = None,
) -> None:
    """Run the Docker client on a worker; `build` takes a directory of this computer."""
    from ashore.app.enter import docker as run

    run(target or Target(), arguments, on)
