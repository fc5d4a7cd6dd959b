"""`ashore image build`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ashore.cli.common import Output, Target, drive


def build(
    target: Target | None = None,
    *,
    os: Annotated[  # the name of the flag
        str | None, Parameter(help="debian/trixie, debian/bookworm or ubuntu/noble")
    ] = None,
    arch: Annotated[str | None, Parameter(help="amd64 or arm64; only this host's own")] = None,
    formats: Annotated[
        tuple[str, ...],
        Parameter(
            name="--format", negative="", help="raw, qcow2, vdi, vmdk or ova; may be repeated"
        ),
    ] = ("qcow2",),
    to: Annotated[Path | None, Parameter(help="directory for the files, else the cache")] = None,
    yes: Annotated[
        bool, Parameter(name=["--yes", "-y"], negative="", help="install packages without asking")
    ] = False,
    output: Output = "text",
) -> int:
    """Build the golden disk of virtual machines: EFI, LVM, cloud-init. The stack file has sizes."""
    from ashore.app.disk import Wish

    return drive(_build(target or Target(), Wish(os, arch, formats, to), yes, output))


async def _build(target: Target, wish: Any, yes: bool, output: str) -> int:
    from ashore.app.disk import build as make
    from ashore.app.select import select
    from ashore.console.choose import console

    chosen = select(target)
    # The document is the result: progress goes to stderr in both kinds of output.
    with console("text") as emit:
        ask = not yes and output == "text" and sys.stdin.isatty()
        done = await make(chosen, wish, emit, ask=ask)
    if output == "json":
        print(json.dumps(done))  # noqa: T201
    else:
        from ashore.console.disk import table

        sys.stdout.write(table(done))
    return 0
