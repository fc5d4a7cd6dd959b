"""What provisions shared volumes: programs and units of machines, objects of the cluster."""

import json
from collections.abc import Mapping
from importlib.resources import files

from ashore.components.manifest import Manifest
from ashore.components.templates import render
from ashore.components.volumes.agent.objects import PROVISIONER
from ashore.model.fragment import File, Fragment
from ashore.model.types import Machine, Stack, Storage

GROUP = "ashore:volumes"
"""Whose members may make volumes: the organisation of the storage machines' certificates."""

CLASS = "shared"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/ashore-volumes"
PROVISIONER_UNIT = "ashore-volumes.service"
MOUNTS_UNIT = "ashore-mounts.service"

_PROGRAMS = "/opt/ashore"
_CONFIG = "/etc/ashore-volumes"
_SHARED = ("__init__", "kube", "log")
_PROVISIONER = (
    *_SHARED, "disk", "events", "lease", "objects", "provisioner", "quantity", "serve",
)  # fmt: skip
_MOUNTS = (*_SHARED, "mounts")


def base(storage: Storage) -> str:
    """The directory that holds one for each volume."""
    return f"{storage.mount}/volumes"


def manifest() -> Manifest:
    """The class, and what the storage machines may do for it."""
    text = render(__package__, "volumes.yaml", group=GROUP, provisioner=PROVISIONER)
    return Manifest(text, f"/apis/storage.k8s.io/v1/storageclasses/{CLASS}")


def provisioner(
    stack: Stack, storage: Storage, machine: Machine, *, identity: bytes, ca: bytes
) -> Fragment:
    """A storage machine's share: the program that makes volumes.

    Args:
        identity: certificate and key of a member of `GROUP` (PEM).
        ca: the cluster's authority.
    """
    again = f"systemctl restart {PROVISIONER_UNIT}"
    config = {
        "machine": machine.name,
        "server": stack.api_name,
        "ca": f"{_CONFIG}/ca.pem",
        "certificate": f"{_CONFIG}/identity.pem",
        "lease": LEASE,
        "mount": storage.mount,
        "volume": storage.volume,
        "base": base(storage),
    }
    return Fragment(
        "volumes",
        files=(
            *_programs(_PROVISIONER, again),
            _json(config, again),
            File(f"{_CONFIG}/ca.pem", ca.decode(), notify=again),
            File(f"{_CONFIG}/identity.pem", identity.decode(), mode=0o600, notify=again),
            _unit(PROVISIONER_UNIT, "serve", "Make the shared volumes of Kubernetes"),
        ),
        enable=(PROVISIONER_UNIT,),
    )


def mounts(
    stack: Stack, storage: Storage, machine: Machine, *, unit: str, certificate: str, ca: str
) -> Fragment:
    """A worker's share: the program that looks after its mount.

    Args:
        unit: the service whose main process is the FUSE client.
        certificate: file of the kubelet's own certificate and key on the machine.
        ca: file of the cluster's authority on the machine.
    """
    again = f"systemctl restart {MOUNTS_UNIT}"
    config = {
        "machine": machine.name,
        "server": stack.api_name,
        "ca": ca,
        "certificate": certificate,
        "mount": storage.mount,
        "unit": unit,
    }
    return Fragment(
        "volumes",
        files=(
            *_programs(_MOUNTS, again),
            _json(config, again),
            _unit(MOUNTS_UNIT, "mounts", "Look after the mount of the shared volume"),
        ),
        enable=(MOUNTS_UNIT,),
    )


def _json(config: Mapping[str, str], notify: str) -> File:
    return File(f"{_CONFIG}/config.json", json.dumps(config, indent=1) + "\n", notify=notify)


def _programs(modules: tuple[str, ...], notify: str) -> list[File]:
    """The program's modules, as they are here."""
    source = files(str(__package__)) / "agent"
    return [
        File(f"{_PROGRAMS}/agent/{name}.py", (source / f"{name}.py").read_text(), notify=notify)
        for name in modules
    ]


def _unit(unit: str, module: str, description: str) -> File:
    notify = f"systemctl daemon-reload && systemctl enable --now --no-block {unit}"
    text = render(__package__, "agent.service", module=module, description=description)
    return File(f"/etc/systemd/system/{unit}", text, notify=notify)
