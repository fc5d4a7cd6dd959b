"""Taking a whole stack away, from any state, by what is found on the host."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Awaitable
from pathlib import Path

from ashore.drivers.nspawn import uplink
from ashore.drivers.nspawn.fabric import Fabric
from ashore.drivers.nspawn.names import Names
from ashore.drivers.nspawn.supervise import Supervisor
from ashore.errors import AshoreError
from ashore.host import files, links, mounts
from ashore.host.run import run

_PROPAGATE = Path("/run/systemd/nspawn/propagate")


def machines(directory: Path) -> list[str]:
    """Machines that have a directory, half-made ones included."""
    return sorted(p.name for p in directory.iterdir()) if directory.is_dir() else []


def forget(container: str) -> None:
    """Remove the directories that a killed nspawn leaves in /run."""
    for directory in (_PROPAGATE / container, _PROPAGATE, _PROPAGATE.parent):
        with contextlib.suppress(OSError):
            directory.rmdir()


async def destroy(
    names: Names, fabric: Fabric, supervisor: Supervisor, directory: Path
) -> list[str]:
    """Remove everything of the stack and look again; what remains, named."""
    found = supervisor.found()
    errors = await _all([supervisor.kill(name) for name in found])
    errors += await _all([fabric.destroy(), uplink.remove(names)])
    errors += await _all([_delete(directory), supervisor.clear()])
    for name in found:
        forget(names.container(name))
    errors += await _all([_leave_netns()])
    left = await leftovers(names, supervisor, directory)
    return [*left, *errors] if left else []


async def _delete(directory: Path) -> None:
    await mounts.unmount(mounts.below(directory))
    await files.remove([directory])


async def _all(work: list[Awaitable[None]]) -> list[str]:
    """Do everything at once; one that fails stops no other. The errors' messages."""
    results = await asyncio.gather(*work, return_exceptions=True)
    failures = [r for r in results if isinstance(r, BaseException)]
    for failure in failures:
        if not isinstance(failure, AshoreError | OSError):
            raise failure
    return [f"error: {failure}" for failure in failures]


async def _leave_netns() -> None:
    """Take away iproute2's directory mount if nobody has a namespace in it.

    The lock is the one that iproute2 holds while it adds a namespace.
    """
    if not links.NETNS.is_dir():
        return
    descriptor = os.open(links.NETNS, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not any(links.NETNS.iterdir()) and str(links.NETNS) in mounts.below(links.NETNS):
            await run(["umount", str(links.NETNS)])
    finally:
        os.close(descriptor)


async def leftovers(names: Names, supervisor: Supervisor, directory: Path) -> list[str]:
    """What is still there of the stack, a phrase each."""
    left = [
        f"machine {name}: {'processes' if runs else 'control groups'}"
        for name, runs in supervisor.found().items()
    ]
    left += [f"network namespace {name}" for name in links.namespaces(names.fabric)]
    veth = (await links.links()).get(names.veth)
    if veth is not None and veth.alias == names.alias:
        left.append(f"link {names.veth}")
    left += [f"mount {target}" for target in mounts.below(directory)]
    return [*left, *(f"directory {directory}/{name}" for name in machines(directory))]
