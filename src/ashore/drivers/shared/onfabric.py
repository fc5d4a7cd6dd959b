"""What every driver does alike whose machines hang on the stack's own bridge."""

from collections.abc import Sequence
from ipaddress import IPv4Interface
from pathlib import Path

from ashore.drivers.base import BmcPlace, Record
from ashore.drivers.shared import uplink
from ashore.drivers.shared.fabric import Fabric
from ashore.drivers.shared.names import Names
from ashore.drivers.shared.ports import Ports
from ashore.host.links import NETNS
from ashore.model.types import Stack


class OnFabric:
    """The part of a driver that asks nothing of its machines.

    Args:
        state: the stack's own directory (`/var/lib/ashore/demo`).
    """

    def __init__(self, stack: Stack, state: Path, record: Record) -> None:
        self._stack = stack
        self._state = state
        self._machines = state / "machines"
        self._record = record
        self._names = Names(stack.name)
        self._fabric = Fabric(self._names, stack.network)
        self._ports = Ports(self._names, self._fabric)

    async def uplink_drift(self) -> list[str]:
        """What is missing for the gateway to reach the outside through the host."""
        return await uplink.drift(self._names)

    async def uplink_apply(self) -> None:
        """Let the host forward and masquerade for the stack; `destroy` takes it back."""
        await uplink.apply(self._names, self._stack.network, self._record)

    def bmc_place(self) -> BmcPlace:
        """Where the Redfish service listens, and what its process needs to make this driver."""
        settings = {"state": str(self._state), "cidr": str(self._stack.network.cidr)}
        return BmcPlace(str(NETNS / self._names.fabric), self._state / "bmc", settings)

    async def link_part(self, names: Sequence[str]) -> None:
        """See `Links`."""
        await self._ports.link_part(names)

    async def guest_add(self, name: str, address: IPv4Interface) -> tuple[str, ...]:
        """See `Guests`."""
        return await self._ports.guest_add(name, address)

    async def guest_remove(self, name: str) -> None:
        """See `Guests`."""
        await self._ports.guest_remove(name)

    def _record_fabric(self) -> None:
        self._record("netns", self._names.fabric)
        self._record("link", self._names.veth)
