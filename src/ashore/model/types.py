"""The resolved stack: frozen, complete, without a trace of the file it came from."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network


class Role(StrEnum):
    """What a machine is for. A role is a list of components and nothing more."""

    GATEWAY = "gateway"
    LOADBALANCER = "loadbalancer"
    CONTROLPLANE = "controlplane"
    WORKER = "worker"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True)
class Bmc:
    """The BMC of a real server, spoken to over Redfish.

    Attributes:
        address: IPv4 address or name.
        system: path of the server's resource.
        password_file: on this computer, with the account's password.
        ca: file on this computer with the certificate that vouches for it; None
            if the machines trust it anyway.
    """

    address: str
    port: int
    system: str
    account: str
    password_file: str
    ca: str | None


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a stack.

    Attributes:
        name: short host name, unique in the stack (`cp1`).
        index: 1-based within the role.
        address: planned from the file alone; does not move when counts grow.
        mac: locally administered, derived from stack name and machine name.
        cpus: processors the machine may use at most (enforced by the driver).
        memory: bytes the machine may use at most (enforced by the driver).
        bmc: None for the stack's own Redfish service.
    """

    name: str
    role: Role
    index: int
    address: IPv4Address
    mac: str
    cpus: float
    memory: int
    bmc: Bmc | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """The stack's own network.

    Attributes:
        host: the address of the host's end of the one veth into the stack.
        bmc: where the stack's machines are powered on and off over Redfish.
        floating: the floating IP in front of the Kubernetes API.
        dynamic: first and last address of the DHCP range for strangers.
        services: first and last address that a Service of type LoadBalancer can get.
        uplink: `auto` or `none`, as written in the file.
    """

    cidr: IPv4Network
    domain: str
    host: IPv4Address
    bmc: IPv4Address
    gateway: IPv4Address
    floating: IPv4Address
    dynamic: tuple[IPv4Address, IPv4Address]
    services: tuple[IPv4Address, IPv4Address]
    uplink: str


NAMES_PORT = 5300
"""Of the gateway's loopback: where the names of services are answered."""


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """The cluster: `version` without a leading v; `dns` is CoreDNS's service address."""

    version: str
    pod_cidr: IPv4Network
    service_cidr: IPv4Network
    dns: IPv4Address


class VolumeType(StrEnum):
    """How the shared volume survives the loss of a machine."""

    REPLICA = "replica"
    ARBITER = "arbiter"
    DISPERSE = "disperse"


VOLUME_GROUP = 3
"""Bricks that hold the same data together, of every type: machines come in multiples of it."""


@dataclass(frozen=True, slots=True)
class Storage:
    """The shared volume, one Gluster volume over every storage machine.

    Attributes:
        volume: its name in Gluster.
        brick: the directory of a storage machine's brick.
        mount: where workers and storage machines see the volume.
    """

    type: VolumeType
    volume: str = "shared"
    brick: str = "/srv/brick/shared"
    mount: str = "/srv/shared"


EXTENT = 4 * 1024**2
"""Bytes of the unit in which LVM gives out a disk; volumes are whole multiples."""

DISK_RESERVED = 260 * 1024**2
"""Bytes of a golden disk that no volume gets: EFI partition, tables, LVM's metadata."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The golden disk.

    Attributes:
        os: the distribution that it is built from.
        size: bytes, without what never gets written.
        volumes: name of the logical volume and its bytes, in the order of the disk.
    """

    os: str
    size: int
    volumes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that the rest of the program knows of the user's file.

    Attributes:
        storage: None in a stack without storage machines.
        disk: without volumes where no file was read.
        docker: whether Docker runs on the workers.
    """

    name: str
    driver: str
    os: str
    supply: str
    network: Network
    kubernetes: Kubernetes
    machines: tuple[Machine, ...]
    storage: Storage | None = None
    disk: Disk = field(default_factory=lambda: Disk("", 0, ()))
    docker: bool = True
    warnings: tuple[str, ...] = field(default=())

    def of_role(self, role: Role) -> tuple[Machine, ...]:
        """The machines of one role, in the order of their index."""
        return tuple(m for m in self.machines if m.role is role)

    def machine(self, name: str) -> Machine | None:
        """The machine of that name, or None."""
        return next((m for m in self.machines if m.name == name), None)

    def fqdn(self, machine: Machine) -> str:
        """The machine's full name in the stack's domain."""
        return f"{machine.name}.{self.network.domain}"

    @property
    def volumes(self) -> bool:
        """Whether the machines have logical volumes: containers have no disk of their own."""
        return self.driver != "nspawn"

    @property
    def linked(self) -> bool:
        """Whether the gateway's way out is this computer's link: VirtualBox has one of its own."""
        return self.driver != "virtualbox"

    @property
    def api_name(self) -> str:
        """The name of the floating IP."""
        return f"api.{self.network.domain}"

    @property
    def registry_name(self) -> str:
        """The name of the registry, on the gateway."""
        return f"registry.{self.network.domain}"
