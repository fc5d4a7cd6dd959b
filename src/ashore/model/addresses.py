"""The address plan: which offset in the stack's network belongs to what.

Every range has room for the largest count that the file allows, so an address
depends on role and index alone and never moves when counts grow.
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ashore.model.types import Role


@dataclass(frozen=True, slots=True)
class Range:
    """Offsets `first` to `last` (both included) from the network's address."""

    first: int
    last: int
    use: str

    def __contains__(self, offset: int) -> bool:
        return self.first <= offset <= self.last

    def __len__(self) -> int:
        return self.last - self.first + 1


FLOATING = 10
HOST = Range(1, 1, "the host's end of the uplink")
BMC = Range(3, 3, "the machines' Redfish service")
DRILL = Range(5, 5, "the client of drills")
ROLES = {
    Role.GATEWAY: Range(2, 2, "the gateway"),
    Role.LOADBALANCER: Range(11, 20, "load balancers"),
    Role.CONTROLPLANE: Range(21, 30, "control planes"),
    Role.WORKER: Range(100, 199, "workers"),
    Role.STORAGE: Range(31, 49, "storage machines"),
}
DYNAMIC = Range(200, 229, "DHCP leases of strangers")
SERVICES = Range(230, 254, "addresses of Kubernetes services")
PLANNED = (HOST, BMC, DRILL, *ROLES.values(), DYNAMIC, SERVICES)

SMALLEST_PREFIX = 24
"""Of the network: a longer prefix has no room for the plan."""


def address(network: IPv4Network, role: Role, index: int) -> IPv4Address:
    """The address of the index-th (1-based) machine of a role."""
    return network.network_address + ROLES[role].first + index - 1


def planned_use(network: IPv4Network, wanted: IPv4Address) -> str | None:
    """What the plan uses an address of the network for, or None if it is free."""
    offset = int(wanted) - int(network.network_address)
    return next((planned.use for planned in PLANNED if offset in planned), None)


def mac(stack: str, machine: str) -> str:
    """A locally administered unicast MAC that two machines of two stacks do not share."""
    digest = hashlib.sha256(f"{stack}/{machine}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in b"\x02" + digest[:5])
