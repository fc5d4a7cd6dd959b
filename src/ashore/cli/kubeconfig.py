"""`ashore kubeconfig`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ashore.cli.common import Target


def kubeconfig(
    target: Target | None = None,
    *,
    merge: Annotated[
        bool, Parameter(negative="", help="add a context to your own kubeconfig instead")
    ] = False,
    into: Annotated[
        Path | None, Parameter(help="the file to merge into; default $KUBECONFIG or ~/.kube/config")
    ] = None,
) -> None:
    """Print the stack's kubeconfig. The current context of your own is never switched."""
    from ashore.app.kubeconfig import merge_into, show

    if merge:
        merge_into(target or Target(), into)
    else:
        show(target or Target())
