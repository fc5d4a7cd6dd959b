"""The stack file, `ashore/v1`: every key with its type, range, default and description.

The descriptions are read by three readers: the JSON Schema in the user's
editor, the comments of `ashore init`, and docs/reference/stack-file.md.
Rules that hold between keys are in `ashore.model.rules`.
"""

from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from ashore.stack.values import (
    LARGEST_DISK,
    MIB,
    Account,
    Address,
    Cidr,
    Domain,
    Host,
    HostFile,
    Memory,
    Name,
    Resource,
    format_memory,
)


def at_least(mib: int) -> Any:
    """A validator of a memory size; a limit in bytes would make an unreadable message."""

    def check(size: int) -> int:
        if size < mib * MIB:
            raise ValueError(f"is too small; at least {format_memory(mib * MIB)}")
        return size

    return AfterValidator(check)


def at_most(size: int) -> Any:
    """Like `at_least`, of bytes."""

    def check(given: int) -> int:
        if given > size:
            raise ValueError(f"is too large; at most {format_memory(size)}")
        return given

    return AfterValidator(check)


class Section(BaseModel):
    """A mapping of the file: unknown keys are refused, values are not coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class NetworkSection(Section):
    """The network that the stack lives in, separate from the host's own."""

    cidr: Cidr = Field(
        default=IPv4Network("10.77.0.0/24"),
        description="Addresses of the machines: a private IPv4 network, /24 or larger, that the "
        "host has no route to.",
    )
    domain: Domain | None = Field(
        default=None,
        examples=["lab.example.org"],
        description="Every machine answers by name in this domain, the Kubernetes API as "
        "`api.<domain>`. Default: `<name>.internal`.",
    )
    floating_ip: Address | None = Field(
        default=None,
        alias="floatingIP",
        examples=["10.77.0.10"],
        description="Address of the Kubernetes API, held by one of the load balancers. "
        "Default: the tenth address of cidr.",
    )
    uplink: Literal["auto", "none"] = Field(
        default="auto",
        description="`auto` lets the machines reach the outside through the gateway if the host "
        "can; with `none` nothing ever leaves the stack.",
    )


class GatewaySection(Section):
    """DHCP, DNS and NAT (dnsmasq), and the quorum device of the load balancers."""

    count: int = Field(default=1, ge=1, le=1, description="Always 1.")
    cpus: float = Field(default=1, ge=0.25, le=512, description="Processors it may use at most.")
    memory: Annotated[Memory, at_least(128)] = Field(
        default=512 * MIB, description="Memory it may use at most, at least 128MiB."
    )


class BmcSection(Section):
    """The BMC by which a load balancer that is a real server is powered off, over Redfish."""

    address: Host = Field(
        examples=["192.0.2.11"],
        description="Address or name of the BMC, for the other load balancer.",
    )
    port: int = Field(default=443, ge=1, le=65535, description="Its port; always TLS.")
    system: Resource = Field(
        examples=["/redfish/v1/Systems/1"],
        description="The server among the BMC's systems, as the path of its resource.",
    )
    account: Account = Field(
        examples=["fence"],
        description="An account that may see and reset this system; best nothing else.",
    )
    password_file: HostFile = Field(
        alias="passwordFile",
        examples=["/etc/ashore/lb1.password"],
        description="File on this computer with the account's password in one line, readable by "
        "its owner only (mode 0600). The password itself never stands in this file.",
    )
    ca: HostFile | None = Field(
        default=None,
        examples=["/etc/ashore/bmc-ca.pem"],
        description="File with the certificate (PEM) that vouches for the BMC. Default: what the "
        "machines trust anyway.",
    )


class BmcsSection(Section):
    """BMCs of load balancers that are real servers; the others have the stack's Redfish."""

    lb1: BmcSection | None = Field(default=None)
    lb2: BmcSection | None = Field(default=None)

    @field_validator("lb1", "lb2", mode="before")
    @classmethod
    def _given(cls, value: object) -> object:
        """Whoever names a machine and leaves the rest out has not meant the stack's own BMC."""
        if value is None:
            raise ValueError("is empty")
        return value


class LoadBalancerSection(Section):
    """HAProxy in front of the Kubernetes API, the floating IP by Corosync and Pacemaker."""

    count: int = Field(default=2, ge=2, le=2, description="Always 2, a pair.")
    cpus: float = Field(default=1, ge=0.25, le=512, description="Processors each may use at most.")
    memory: Annotated[Memory, at_least(256)] = Field(
        default=512 * MIB, description="Memory each may use at most, at least 256MiB."
    )
    bmc: BmcsSection = Field(default_factory=BmcsSection)


class ControlPlaneSection(Section):
    """etcd, the API server, the scheduler and the controller manager."""

    count: int = Field(
        default=3,
        ge=1,
        le=9,
        description="1 to 9; an odd number, as an even one survives no more failures.",
    )
    cpus: float = Field(default=2, ge=1, le=512, description="Processors each may use at most.")
    memory: Annotated[Memory, at_least(1536)] = Field(
        default=3072 * MIB, description="Memory each may use at most, at least 1.5GiB."
    )


class WorkerSection(Section):
    """The kubelet and the pods, and Docker beside them."""

    count: int = Field(default=2, ge=0, le=100, description="0 to 100.")
    cpus: float = Field(default=2, ge=0.5, le=512, description="Processors each may use at most.")
    memory: Annotated[Memory, at_least(768)] = Field(
        default=4096 * MIB, description="Memory each may use at most, at least 768MiB."
    )
    docker: bool = Field(
        default=True,
        description="Whether Docker runs beside the kubelet, on the same containerd.",
    )


class StorageMachinesSection(Section):
    """Gluster: each holds a brick of the volume that every worker mounts."""

    count: int = Field(
        default=3, ge=0, le=18, description="0 (no shared volume) or a multiple of 3, up to 18."
    )
    cpus: float = Field(default=1, ge=0.25, le=512, description="Processors each may use at most.")
    memory: Annotated[Memory, at_least(256)] = Field(
        default=512 * MIB, description="Memory each may use at most, at least 256MiB."
    )


class MachinesSection(Section):
    """The machines by role. Change a number and run `ashore up`: addresses do not move."""

    gateway: GatewaySection = Field(default_factory=GatewaySection)
    loadbalancer: LoadBalancerSection = Field(default_factory=LoadBalancerSection)
    controlplane: ControlPlaneSection = Field(default_factory=ControlPlaneSection)
    worker: WorkerSection = Field(default_factory=WorkerSection)
    storage: StorageMachinesSection = Field(default_factory=StorageMachinesSection)


class KubernetesSection(Section):
    """The cluster."""

    version: Literal["1.37.2"] = Field(
        default="1.37.2", description="Version of Kubernetes, without a leading v."
    )
    pod_cidr: Cidr = Field(
        default=IPv4Network("10.244.0.0/16"),
        alias="podCIDR",
        description="Addresses of the pods; every node takes a /24 of it.",
    )
    service_cidr: Cidr = Field(
        default=IPv4Network("10.96.0.0/16"),
        alias="serviceCIDR",
        description="Addresses of the services, /12 to /28.",
    )


class StorageSection(Section):
    """The shared volume over the storage machines; any one of three may be lost."""

    type: Literal["replica", "arbiter", "disperse"] = Field(
        default="replica",
        description="`replica`: three copies of every file; `arbiter`: two, and a third machine "
        "with names alone that breaks ties; `disperse`: one and a half, by erasure code. It cannot "
        "be changed later.",
    )


class DiskVolumesSection(Section):
    """Sizes of the disk's logical volumes in group `vg0`; each can be grown online later."""

    root: Annotated[Memory, at_least(256)] = Field(
        default=1024 * MIB, description="Volume of `/`, at least 256MiB."
    )
    usr: Annotated[Memory, at_least(1536)] = Field(
        default=4096 * MIB, description="Volume of `/usr`, at least 1.5GiB."
    )
    var: Annotated[Memory, at_least(512)] = Field(
        default=6144 * MIB, description="Volume of `/var`, at least 512MiB."
    )
    tmp: Annotated[Memory, at_least(64)] = Field(
        default=1024 * MIB, description="Volume of `/tmp`, at least 64MiB."
    )
    opt: Annotated[Memory, at_least(64)] = Field(
        default=1024 * MIB, description="Volume of `/opt`, at least 64MiB."
    )


class DiskSection(Section):
    """The golden disk that `ashore image build` makes for virtual machines."""

    os: Literal["debian/trixie", "debian/bookworm", "ubuntu/noble"] = Field(
        default="debian/trixie", description="Distribution that the disk is built from."
    )
    size: Annotated[Memory, at_least(4096), at_most(LARGEST_DISK)] = Field(
        default=20480 * MIB,
        description="Size of the disk, 4GiB to 8192GiB; what no volume takes stays free in the "
        "group. The files are sparse: only what is written takes space.",
    )
    volumes: DiskVolumesSection = Field(default_factory=DiskVolumesSection)


class StackFile(Section):
    """A whole stack. Every key may be left out."""

    api_version: Literal["ashore/v1"] = Field(
        default="ashore/v1", alias="apiVersion", description="Version of this format."
    )
    kind: Literal["Stack"] = Field(default="Stack", description="What the file describes.")
    name: Name = Field(
        default="demo",
        description="Name of the stack, a DNS label of up to 32 characters. Everything that is "
        "made on the host carries it; another name is another stack.",
    )
    driver: Literal["nspawn", "qemu", "virtualbox"] = Field(
        default="nspawn",
        description="What makes the machines: `nspawn`, system containers of systemd-nspawn, or "
        "`qemu` and `virtualbox`, virtual machines. It cannot be changed while the stack is up.",
    )
    os: Literal["debian/trixie"] = Field(
        default="debian/trixie", description="Distribution of the machines."
    )
    supply: Literal["auto", "releases", "modules"] = Field(
        default="auto",
        description="Where the programs come from: `releases` are upstream's own, `modules` are "
        "built here from the Go module proxy, `auto` takes what is there first.",
    )
    network: NetworkSection = Field(default_factory=NetworkSection)
    machines: MachinesSection = Field(default_factory=MachinesSection)
    kubernetes: KubernetesSection = Field(default_factory=KubernetesSection)
    storage: StorageSection = Field(default_factory=StorageSection)
    disk: DiskSection = Field(default_factory=DiskSection)
