"""What Docker reads on a worker."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv4Network

from ashore.model.fragment import File, Fragment
from ashore.model.host import HostFacts
from ashore.model.types import Stack

DIRECTORY = "/var/lib/docker"
"""Docker's own data, which overlay2 wants on a plain file system."""

_RESTART = "systemctl daemon-reload && systemctl try-restart docker"

_BLOCKS = ("172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "100.64.0.0/10")
"""Where Docker's networks may be: four that are far enough apart for the stack's
three to leave one of them free, Docker's own choice first."""

_SIZE, _BRIDGE, _POOL = 16, 24, 17
"""Prefix lengths: of what Docker gets, its first bridge, and what its other networks are of."""


def fragment(stack: Stack, facts: HostFacts, *, login: str, ca: bytes) -> Fragment:
    """A worker's share. Docker is started by its step, when the cluster is there.

    Args:
        login: base64 of `account:password` at the stack's registry.
        ca: certificate of the authority that vouches for the registry.
    """
    registry = stack.registry_name
    files = [
        File("/etc/docker/daemon.json", configuration(stack), notify=_RESTART),
        File(f"/etc/docker/certs.d/{registry}/ca.crt", ca.decode()),
        File(
            "/root/.docker/config.json",
            json.dumps({"auths": {registry: {"auth": login}}}, indent=2) + "\n",
            mode=0o600,
        ),
    ]
    if not facts.cap_sys_resource:
        # The machine lacks CAP_SYS_RESOURCE: a score below systemd's own is refused.
        own = "[Service]\nOOMScoreAdjust=0\n"
        path = "/etc/systemd/system/docker.service.d/ashore.conf"
        files.append(File(path, own, notify=_RESTART))
    return Fragment("docker", files=tuple(files))


def configuration(stack: Stack) -> str:
    """`daemon.json`."""
    block = free(stack)
    first = next(block.subnets(new_prefix=_BRIDGE))
    *_, rest = block.subnets(new_prefix=_POOL)
    settings = {
        "bip": str(IPv4Interface((first.network_address + 1, _BRIDGE))),
        "default-address-pools": [{"base": str(rest), "size": _BRIDGE}],
        "exec-opts": ["native.cgroupdriver=systemd"],
        # Docker that forwards by itself drops what it does not know: the pods' packets.
        "ip-forward": False,
        "live-restore": True,
        "log-driver": "json-file",
        "log-opts": {"max-file": "2", "max-size": "10m"},
        "storage-driver": "overlay2",
    }
    return json.dumps(settings, indent=2) + "\n"


def free(stack: Stack) -> IPv4Network:
    """A network for Docker that overlaps none of the stack's."""
    taken = (stack.network.cidr, stack.kubernetes.pod_cidr, stack.kubernetes.service_cidr)
    return next(n for n in _candidates() if not any(n.overlaps(other) for other in taken))


def _candidates() -> Iterator[IPv4Network]:
    for block in map(IPv4Network, _BLOCKS):
        yield from block.subnets(new_prefix=_SIZE)
