"""The golden containerd store: every image imported once, cloned for each machine.

Importing 550 MB of images into a machine takes seven seconds of its time; a
clone by hard links takes a tenth of one. Overlay mounts never write to the
files below, so machines can share them.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from ashore.errors import AshoreError
from ashore.events import Emit, Output
from ashore.host.run import CommandFailed, run
from ashore.image import nettools
from ashore.supply import images
from ashore.supply.base import Programs
from ashore.supply.cache import digest, making
from ashore.supply.machine import architecture
from ashore.supply.versions import Versions

_REVISION = 1
_START_SECONDS = 60.0
_IMPORT_SECONDS = 300.0

_CONFIG = """\
version = 3
root = "{root}"
state = "{state}"
disabled_plugins = [
  "io.containerd.cri.v1.images",
  "io.containerd.cri.v1.runtime",
  "io.containerd.grpc.v1.cri",
  "io.containerd.internal.v1.opt",
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.native",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "{socket}"
"""


def planned(programs: Programs, root: Path, cache: Path) -> Path:
    """Where the store of these programs, with tools of that root, is or will be. No I/O."""
    name = digest({"revision": _REVISION, "programs": programs.digest, "root": root.name})
    return cache / "containerd" / name


async def obtain(
    programs: Programs, root: Path, versions: Versions, cache: Path, emit: Emit
) -> Path:
    """The store with every image of the default stack, made if it is not there."""
    store = planned(programs, root, cache)
    if store.is_dir():
        return store
    async with making(store, "image", emit) as scratch:
        if scratch is not None:
            # Beside containerd's own directories, which do not mind.
            tars = scratch / "images"
            tars.mkdir()
            made = await _network_images(programs, root, versions, tars, emit)
            await _fill(programs, [*programs.images, *made], versions, scratch, emit)
            for leftover in ("images", "io.containerd.grpc.v1.introspection", "tmpmounts"):
                shutil.rmtree(scratch / leftover, ignore_errors=True)
    return store


async def _network_images(
    programs: Programs, root: Path, versions: Versions, target: Path, emit: Emit
) -> list[Path]:
    """The images that need nft and iptables, which come from the distribution."""
    if programs.bare is None:
        return []
    emit(Output("image", "writing the images that need network tools"))
    layer = target / "nettools.layer"
    await nettools.write(root, layer)
    made: list[Path] = []
    for recipe in images.RECIPES:
        if recipe.tools:
            made.append(target / f"{recipe.image}.tar")
            images.build(recipe, versions, architecture(), programs.bare, made[-1], [layer])
    return made


async def _fill(
    programs: Programs, tars: Sequence[Path], versions: Versions, store: Path, emit: Emit
) -> None:
    async with _containerd(programs, store) as ctr:
        for tar in tars:
            emit(Output("image", f"importing {tar.stem}"))
            await run([*ctr, "images", "import", str(tar)], timeout=_IMPORT_SECONDS)
        for name in images.names(versions):
            # The kubelet never collects a pinned image: in a stack without an
            # uplink it could not be pulled again.
            labels = ["io.cri-containerd.image=managed", "io.cri-containerd.pinned=pinned"]
            await run([*ctr, "images", "label", name, *labels])


@contextlib.asynccontextmanager
async def _containerd(programs: Programs, store: Path) -> AsyncGenerator[list[str]]:
    """Run containerd on a store of its own; yields the `ctr` command to speak to it.

    It ends when this process dies. It has a mount namespace of its own, so
    that no mount can outlive it, and its socket in a short path, since those
    are limited to 107 characters.
    """
    bin_ = programs.tree / "usr/bin"
    with tempfile.TemporaryDirectory(prefix="ashore-containerd-") as place:
        state = Path(place)
        socket, pid, config = state / "c.sock", state / "pid", state / "config.toml"
        config.write_text(_CONFIG.format(root=store, state=state / "state", socket=socket))
        argv = ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount"]
        argv += [str(bin_ / "containerd"), "--config", str(config)]
        server = asyncio.create_task(
            run(["sh", "-c", 'echo $$ >"$0"; exec "$@"', str(pid), *argv], timeout=3600)
        )
        try:
            ctr = [str(bin_ / "ctr"), "--address", str(socket), "--namespace", "k8s.io"]
            await _answers(ctr, server)
            yield ctr
        finally:
            await _stop(server, pid)


async def _answers(ctr: Sequence[str], server: asyncio.Task[object]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        if server.done():
            await server
            raise AshoreError("containerd ended before it served anything")
        try:
            await run([*ctr, "images", "list", "--quiet"], timeout=10)
        except CommandFailed as error:
            if time.monotonic() > deadline:
                raise AshoreError(
                    f"containerd does not answer after {_START_SECONDS:.0f} s: {error.message}"
                ) from error
            await asyncio.sleep(0.05)
        else:
            return


async def _stop(server: asyncio.Task[object], pid: Path) -> None:
    """Let it close its databases; what does not end in time is killed by the cancel."""
    if not server.done() and pid.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), signal.SIGTERM)
    try:
        async with asyncio.timeout(20):
            await server
    except (CommandFailed, TimeoutError):
        server.cancel()
