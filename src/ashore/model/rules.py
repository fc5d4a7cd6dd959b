"""The rules between keys of a stack file. All violations are collected, none is raised."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address
from itertools import combinations
from typing import TYPE_CHECKING

from ashore.model import addresses
from ashore.model.types import DISK_RESERVED, EXTENT, VOLUME_GROUP, Role
from ashore.stack.violation import Violation, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network

    from ashore.stack.schema import StackFile
    from ashore.stack.violation import Path

_CIDR = ("network", "cidr")
_FLOATING = ("network", "floatingIP")
_DOMAIN = ("network", "domain")
_PODS = ("kubernetes", "podCIDR")
_SERVICES = ("kubernetes", "serviceCIDR")
_WORKERS = ("machines", "worker", "count")
_CONTROL_PLANES = ("machines", "controlplane", "count")
_STORAGE = ("machines", "storage", "count")
_TYPE = ("storage", "type")
_DISK = ("disk", "size")
_VOLUMES = ("disk", "volumes")

_UPLINK = ("network", "uplink")
_BMCS = ("machines", "loadbalancer", "bmc")

_NODE_PREFIX = 24  # kube-controller-manager's --node-cidr-mask-size
_LARGEST_PODS = 8  # kube-controller-manager: at most 16 bits between it and the node's
_LARGEST_SERVICES, _SMALLEST_SERVICES = 12, 28  # kube-apiserver, kubeadm (ten addresses)
_LARGEST_NETWORK = 8


def violations(file: StackFile) -> list[Violation]:
    """Everything that is wrong with a file that the schema accepted."""
    return [
        *_network(file),
        *_pods(file),
        *_services(file),
        *_special(file),
        *_overlaps(file),
        *_floating(file),
        *_domain(file),
        *_storage(file),
        *_bmcs(file),
        *_disk(file),
    ]


def warnings(file: StackFile) -> list[Violation]:
    """What works but is hardly meant."""
    return [*_even(file), *_mdns(file)]


def _networks(file: StackFile) -> dict[Path, IPv4Network]:
    return {
        _CIDR: file.network.cidr,
        _PODS: file.kubernetes.pod_cidr,
        _SERVICES: file.kubernetes.service_cidr,
    }


def _network(file: StackFile) -> Iterator[Violation]:
    prefix = file.network.cidr.prefixlen
    if prefix > addresses.SMALLEST_PREFIX:
        yield Violation(_CIDR, f"is too small: /{prefix}; /{addresses.SMALLEST_PREFIX} or larger")
    elif prefix < _LARGEST_NETWORK:
        yield Violation(_CIDR, f"is too large: /{prefix}; /{_LARGEST_NETWORK} or smaller")


def _pods(file: StackFile) -> Iterator[Violation]:
    prefix = file.kubernetes.pod_cidr.prefixlen
    nodes = file.machines.controlplane.count + file.machines.worker.count
    room = 2 ** (_NODE_PREFIX - prefix) if prefix <= _NODE_PREFIX else 0
    if prefix < _LARGEST_PODS:
        yield Violation(_PODS, f"is too large: /{prefix}; /{_LARGEST_PODS} or smaller")
    elif room < nodes:
        needed = _NODE_PREFIX - (nodes - 1).bit_length()
        yield Violation(
            _PODS,
            f"is too small: /{prefix} holds a /24 for {room} nodes, but there are {nodes}; "
            f"/{needed} or larger",
            (_WORKERS, _CONTROL_PLANES),
        )


def _services(file: StackFile) -> Iterator[Violation]:
    prefix = file.kubernetes.service_cidr.prefixlen
    if not _LARGEST_SERVICES <= prefix <= _SMALLEST_SERVICES:
        size = "large" if prefix < _LARGEST_SERVICES else "small"
        yield Violation(
            _SERVICES,
            f"is too {size}: /{prefix}; from /{_LARGEST_SERVICES} to /{_SMALLEST_SERVICES}",
        )


def _special(file: StackFile) -> Iterator[Violation]:
    """Addresses that mean something else to every computer."""
    for path, network in _networks(file).items():
        if network.prefixlen < _LARGEST_NETWORK:
            continue  # too large is said already
        kinds = {
            "loopback": network.is_loopback,
            "link-local": network.is_link_local,
            "multicast": network.is_multicast,
            "reserved": network.is_reserved or int(network.network_address) >> 24 == 0,
        }
        for kind, is_kind in kinds.items():
            if is_kind:
                yield Violation(path, f"must be private addresses; {network} is {kind}")


def _overlaps(file: StackFile) -> Iterator[Violation]:
    for (path, network), (other_path, other) in combinations(_networks(file).items(), 2):
        if network.overlaps(other):
            yield Violation(path, f"overlaps {dotted(other_path)} ({other})", (other_path,))


def _floating(file: StackFile) -> Iterator[Violation]:
    floating, cidr = file.network.floating_ip, file.network.cidr
    if floating is None or cidr.prefixlen > addresses.SMALLEST_PREFIX:
        return
    if floating not in cidr:
        yield Violation(_FLOATING, f"is outside network.cidr ({cidr})", (_CIDR,))
        return
    if floating in (cidr.network_address, cidr.broadcast_address):
        yield Violation(_FLOATING, f"is no address for a machine in {cidr}", (_CIDR,))
        return
    use = addresses.planned_use(cidr, floating)
    if use is not None:
        default = cidr.network_address + addresses.FLOATING
        yield Violation(_FLOATING, f"is planned for {use}; {default} is free", (_CIDR,))


def _domain(file: StackFile) -> Iterator[Violation]:
    domain = file.network.domain
    if domain is None:
        return
    last = domain.rsplit(".", 1)[-1]
    if last == "localhost" or last.isdigit():
        yield Violation(_DOMAIN, f"cannot end in {last}")
    if f".{domain}".endswith(".cluster.local"):
        yield Violation(_DOMAIN, "is the domain of the cluster's own services; take another")


def _storage(file: StackFile) -> Iterator[Violation]:
    """Every type of volume keeps its data on groups of three machines."""
    count, most = file.machines.storage.count, len(addresses.ROLES[Role.STORAGE])
    if count % VOLUME_GROUP:
        possible = ", ".join(map(str, range(0, most + 1, VOLUME_GROUP)))
        yield Violation(
            _STORAGE,
            f"is {count}: a {file.storage.type} volume is made of {VOLUME_GROUP} machines or a "
            f"multiple; possible are {possible}",
            (_TYPE,),
        )


def _bmcs(file: StackFile) -> Iterator[Violation]:
    """Who fences through the wrong BMC powers off the wrong machine, or none."""
    cidr = file.network.cidr
    seen: dict[tuple[str, int, str], Path] = {}
    for name, bmc in file.machines.loadbalancer.bmc:
        if bmc is None:
            continue
        path = (*_BMCS, name)
        other = seen.setdefault((bmc.address, bmc.port, bmc.system), path)
        if other != path:
            yield Violation(
                (*path, "system"),
                f"is {dotted(other)}'s too; two machines are two systems",
                ((*other, "system"),),
            )
        try:
            address = IPv4Address(bmc.address)
        except AddressValueError:
            address = None
        inside = address is not None and address in cidr
        if inside and address is not None and cidr.prefixlen <= addresses.SMALLEST_PREFIX:
            use = addresses.planned_use(cidr, address)
            if use is not None:
                yield Violation((*path, "address"), f"is planned for {use}", (_CIDR,))
        if file.network.uplink == "none" and not inside:
            message = "is outside network.cidr, where nothing gets to: network.uplink is none"
            yield Violation((*path, "address"), message, (_UPLINK, _CIDR))


def _disk(file: StackFile) -> Iterator[Violation]:
    """Volumes are whole extents; what the disk keeps for itself is not theirs."""
    from ashore.stack.values import format_memory

    volumes = dict(file.disk.volumes)
    needed = sum(-(-size // EXTENT) * EXTENT for size in volumes.values()) + DISK_RESERVED
    if needed > file.disk.size:
        largest = sorted(volumes, key=lambda name: -volumes[name])
        yield Violation(
            _DISK,
            f"is too small for its volumes: {format_memory(file.disk.size)}; "
            f"they need {format_memory(needed)}",
            tuple((*_VOLUMES, name) for name in largest),
        )


def _even(file: StackFile) -> Iterator[Violation]:
    count = file.machines.controlplane.count
    if count % 2 == 0:
        yield Violation(
            _CONTROL_PLANES,
            f"is even: {count} need {count // 2 + 1} alive and so survive "
            f"{_failures(count)}, no more than {count - 1} do",
        )


def _failures(members: int) -> str:
    lost = (members - 1) // 2
    return "no failure" if lost == 0 else f"{lost} failure{'s' if lost > 1 else ''}"


def _mdns(file: StackFile) -> Iterator[Violation]:
    domain = file.network.domain
    if domain is not None and domain.rsplit(".", 1)[-1] == "local":
        yield Violation(_DOMAIN, "ends in .local, which many resolvers ask by multicast DNS alone")
