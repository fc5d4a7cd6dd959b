"""`ashore kubectl`."""

from typing import Annotated

from cyclopts import Parameter

from ashore.cli.common import Target


def kubectl(
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True, help="after --")],
    target: Target | None = None,
) -> None:
    """Run the stack's own kubectl against the stack."""
    from ashore.app.enter import kubectl as run

    run(target or Target(), arguments)
