"""`image load`: an archive straight into the containerd of every node."""

import asyncio
import contextlib
import os
import time
from pathlib import Path
from typing import Any, BinaryIO

from ashore.app.images import Advance
from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.drivers.base import PowerState
from ashore.errors import AshoreError, ExitCode
from ashore.host.run import CommandFailed, require_root, run
from ashore.model.types import Role
from ashore.supply import archive
from ashore.supply.archive import Archive
from ashore.supply.machine import architecture
from ashore.supply.reference import parse
from ashore.surely import surely
from ashore.together import together

_CTR = ("ctr", "--namespace", "k8s.io", "images")
_SECONDS = 1800.0
_TICK = 0.1
_ROOM = 2
"""An image is kept as it came, and unpacked beside it."""


async def load(chosen: Chosen, path: Path, advance: Advance) -> dict[str, Any]:
    """Import every image of an archive on every node, or on none.

    Returns:
        The document of `image load -o json`.

    Raises:
        AshoreError: the archive cannot be used (exit code 2), a node is off or
            has no room, or an import failed; what was imported is gone again.
    """
    require_root("image load")
    session = open_session(chosen)
    started = time.monotonic()
    found = archive.read(path, architecture())
    names = _names(found)
    nodes = await _nodes(session)
    before = await together(*(_known(session, node, found.size * _ROOM) for node in nodes))
    try:
        await _import(session, nodes, found, advance)
    except BaseException:
        new = {n: names - b for n, b in zip(nodes, before, strict=True)}
        await surely(_forget(session, new))
        raise
    return {
        "images": sorted(names),
        "nodes": nodes,
        "bytes": found.size,
        "seconds": round(time.monotonic() - started, 3),
    }


def _names(found: Archive) -> set[str]:
    """The names by which pods ask for the images."""
    if any(not image.names for image in found.images):
        raise AshoreError(
            f"{found.path} does not say how its image is called",
            "`docker save NAME`, by the name and not by the identifier",
            ExitCode.USAGE,
        )
    return {str(parse(name)) for image in found.images for name in image.names}


async def _nodes(session: Session) -> list[str]:
    """Control planes and workers. Raises AshoreError if one of them is not on."""
    stack, powers = session.stack, await session.driver.states()
    nodes = [m.name for r in (Role.CONTROLPLANE, Role.WORKER) for m in stack.of_role(r)]
    if off := [name for name in nodes if powers.get(name) is not PowerState.ON]:
        raise AshoreError(f"{', '.join(off)}: not on, so not every node can be loaded",
                          "`ashore up` starts what is missing")  # fmt: skip
    return nodes


async def _known(session: Session, node: str, needed: int) -> set[str]:
    """The names that a node's containerd has. Raises AshoreError if there is no room for more."""
    transport = session.context.connect(node)
    room = await transport.run(["df", "-B1", "--output=avail", "/var/lib/containerd"])
    if int(room.text.split()[-1]) < needed:
        raise AshoreError(f"{node}: less than {needed / 2**20:.0f} MiB free for the images")
    return set((await transport.run([*_CTR, "list", "--quiet"])).text.splitlines())


async def _import(session: Session, nodes: list[str], found: Archive, advance: Advance) -> None:
    """Side by side; each node reads the file by itself, and its position is its progress."""
    what = f"load {found.path.name} on {len(nodes)} nodes"
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(found.path.open("rb")) for _ in nodes]

        async def watch() -> None:
            while True:
                done = sum(os.lseek(file.fileno(), 0, os.SEEK_CUR) for file in files)
                advance(what, done, found.size * len(nodes))
                await asyncio.sleep(_TICK)

        watching = asyncio.create_task(watch())
        try:
            await together(*(_one(session, n, f) for n, f in zip(nodes, files, strict=True)))
        finally:
            watching.cancel()
    advance(what, found.size * len(nodes), found.size * len(nodes))


async def _one(session: Session, node: str, file: BinaryIO) -> None:
    command = session.driver.inside(node, [*_CTR, "import", "-"])
    try:
        await run(command, stdin=file, timeout=_SECONDS)
    except CommandFailed as error:
        said = error.message.rpartition("\n")[2]
        raise AshoreError(f"{node}: the image was not imported: {said}") from error


async def _forget(session: Session, new: dict[str, set[str]]) -> None:
    """Take the names away again; containerd deletes what no name leads to."""
    for node, names in new.items():
        if names:
            remove = [*_CTR, "remove", *sorted(names)]
            with contextlib.suppress(AshoreError):
                await session.context.connect(node).run(remove, check=False)
