"""`ashore image`."""

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from ashore.cli.common import Output, Target, drive

image = App(name="image", help="Container images, and the golden disk of virtual machines.")


@image.command
def push(
    source: Annotated[str, Parameter(help="an archive here, or an image in a worker's Docker")],
    *,
    as_: Annotated[
        str | None, Parameter(name="--as", help="NAME:TAG, instead of the image's own")
    ] = None,
    target: Target | None = None,
    output: Output = "text",
) -> int:
    """Push an image to the stack's registry."""
    return drive(_push(target or Target(), source, as_, output))


async def _push(target: Target, source: str, name: str | None, output: str) -> int:
    from ashore.app.images import push as send
    from ashore.app.select import select
    from ashore.console.progress import Progress

    with Progress(sys.stderr, quiet=output == "json") as progress:
        done = await send(select(target), source, name, progress)
    lines = [f"{each['name']}  {each['digest']}" for each in done["images"]]
    print(json.dumps(done) if output == "json" else "\n".join(lines))  # noqa: T201
    return 0


@image.command
def load(
    archive: Annotated[Path, Parameter(help="as docker save writes it")],
    *,
    target: Target | None = None,
    output: Output = "text",
) -> int:
    """Put an archive's images straight onto every node, without a registry."""
    return drive(_load(target or Target(), archive, output))


async def _load(target: Target, archive: Path, output: str) -> int:
    from ashore.app.load import load as put
    from ashore.app.select import select
    from ashore.console.progress import Progress

    with Progress(sys.stderr, quiet=output == "json") as progress:
        done = await put(select(target), archive, progress)
    lines = [f"{name}  on {', '.join(done['nodes'])}" for name in done["images"]]
    print(json.dumps(done) if output == "json" else "\n".join(lines))  # noqa: T201
    return 0


@image.command
def gc(target: Target | None = None, *, output: Output = "text") -> int:
    """Delete from the registry what no tag leads to. It is away meanwhile."""
    return drive(_gc(target or Target(), output))


async def _gc(target: Target, output: str) -> int:
    from ashore.app.images import collect
    from ashore.app.select import select

    done = await collect(select(target))
    mib = {key: f"{size / 2**20:.1f} MiB" for key, size in done.items()}
    text = f"freed {mib['freed']}; the registry holds {mib['used']}"
    print(json.dumps(done) if output == "json" else text)  # noqa: T201
    return 0
