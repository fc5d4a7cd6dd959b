"""`ashore logs`."""

from typing import Annotated

from cyclopts import Parameter

from ashore.cli.common import Target


def logs(
    step: Annotated[
        str | None, Parameter(help="a step's key or its beginning, like cp1/kubeadm")
    ] = None,
    *,
    target: Target | None = None,
) -> None:
    """List the steps of the last run, or print the log of one."""
    from ashore.app.logs import listing, one

    if step is None:
        listing(target or Target())
    else:
        one(target or Target(), step)
