"""Taking things of a stack away, from any state; what both kinds of machines have in common."""

import asyncio
import fcntl
import os
from collections.abc import Awaitable
from pathlib import Path

from ashore.drivers.shared import uplink
from ashore.drivers.shared.names import Names
from ashore.errors import AshoreError
from ashore.host import files, links, mounts
from ashore.host.run import run


def machines(directory: Path) -> list[str]:
    """Machines that have a directory, half-made ones included."""
    return sorted(p.name for p in directory.iterdir()) if directory.is_dir() else []


async def delete(directory: Path) -> None:
    """Delete the machines' files, never through a mount."""
    await mounts.unmount(mounts.below(directory))
    await files.remove([directory])


async def attempt(work: list[Awaitable[None]]) -> list[str]:
    """Do everything at once; one that fails stops no other. The errors' messages."""
    results = await asyncio.gather(*work, return_exceptions=True)
    failures = [r for r in results if isinstance(r, BaseException)]
    for failure in failures:
        if not isinstance(failure, AshoreError | OSError):
            raise failure
    return [f"error: {failure}" for failure in failures]


async def leave_netns() -> None:
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


async def leftovers(names: Names, directory: Path) -> list[str]:
    """What is still there of the network and of the machines' files, a phrase each."""
    left = [f"network namespace {name}" for name in links.namespaces(names.fabric)]
    veth = (await links.links()).get(names.veth)
    if veth is not None and veth.alias == names.alias:
        left.append(f"link {names.veth}")
    left += await uplink.left(names)
    left += [f"mount {target}" for target in mounts.below(directory)]
    return [*left, *(f"directory {directory}/{name}" for name in machines(directory))]
