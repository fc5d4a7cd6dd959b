"""Taking a storage machine out of the pool before it is removed."""

from ipaddress import IPv4Address

from ashore.components.gluster import probe
from ashore.components.gluster.pool import detach
from ashore.errors import AshoreError
from ashore.model.addresses import address
from ashore.model.resolve import machine_name
from ashore.model.types import Role, Stack
from ashore.transport.base import Connect

_MOST = 99
"""Larger than any index of a storage machine."""


def index_of(name: str) -> int | None:
    """The index of a storage machine; None if the name is of no storage machine."""
    named = (i for i in range(1, _MOST) if machine_name(Role.STORAGE, i) == name)
    return next(named, None)


def name_at(stack: Stack, at: str) -> str:
    """The name of the storage machine that the plan puts at an address."""
    first = address(stack.network.cidr, Role.STORAGE, 1)
    return machine_name(Role.STORAGE, int(IPv4Address(at)) - int(first) + 1)


def refuse(stack: Stack, gone: list[str]) -> None:
    """Raise if machines that exist cannot be removed because the volume would be lost.

    Args:
        gone: machines that exist and that the file no longer names.
    """
    held = [name for name in gone if index_of(name) is not None]
    if held and stack.storage is None:
        raise AshoreError(
            f"{', '.join(held)} hold the shared volume, and the file names no storage machines",
            "set machines.storage.count back; only `ashore down` removes the volume",
        )


async def leave(connect: Connect, stack: Stack, name: str) -> None:
    """Have the pool forget a machine that has no brick any more. No error if it is unknown.

    Raises:
        AshoreError: the volume still has a brick on it.
    """
    index, first = index_of(name), stack.of_role(Role.STORAGE)[0]
    if index is None or stack.storage is None:
        return
    gone = str(address(stack.network.cidr, Role.STORAGE, index))
    volume = await probe.volume(connect, first.name, stack.storage)
    if volume is not None and gone in volume.bricks:
        raise AshoreError(f"{name}: the shared volume still has a brick on it")
    await detach(connect, first, gone)
