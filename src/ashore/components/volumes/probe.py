"""What the shared volumes are like: size, use, and whether each has its limit."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ashore.components.volumes.agent import disk, objects
from ashore.components.volumes.render import LEASE, base
from ashore.components.wait import ask
from ashore.model.types import Role, Stack
from ashore.transport.base import Connect, MachineDown
from ashore.transport.kubeapi import KubeApi

_VOLUMES = "/api/v1/persistentvolumes"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_FRESH = 60.0  # s, more than clocks differ and less than a person waits
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A class of the cluster.

    Attributes:
        enforced: whether a volume of it can hold no more than was claimed.
    """

    name: str
    default: bool
    enforced: bool


@dataclass(frozen=True, slots=True)
class Volume:
    """A shared volume.

    Attributes:
        claim: `namespace/name`.
        size: bytes that were promised.
        used: bytes, or None if no storage machine could tell.
        limited: whether more than `size` is refused; None if that is not known.
    """

    name: str
    claim: str
    size: int
    used: int | None
    limited: bool | None


async def classes(api: KubeApi) -> tuple[StorageClass, ...]:
    """The classes of the cluster. Raises RequestFailed if the API does not answer."""
    found = (await api.get(_CLASSES))["items"]
    return tuple(
        StorageClass(
            item["metadata"]["name"],
            item["metadata"].get("annotations", {}).get(_DEFAULT) == "true",
            item["provisioner"] == objects.PROVISIONER,
        )
        for item in found
    )


async def acting(api: KubeApi) -> str | None:
    """The storage machine whose provisioner acts. Raises RequestFailed for no answer."""
    found: dict[str, Any] = await api.get(LEASE) or {}
    spec: dict[str, Any] = found.get("spec") or {}
    if not spec.get("renewTime"):
        return None
    age = datetime.now(UTC) - datetime.fromisoformat(spec["renewTime"])
    return spec["holderIdentity"] if age.total_seconds() < _FRESH else None


async def volumes(api: KubeApi, connect: Connect, stack: Stack) -> list[Volume]:
    """The shared volumes as the cluster knows them and as a storage machine sees them.

    Raises:
        RequestFailed: the API does not answer.
    """
    if stack.storage is None:
        return []
    where = base(stack.storage)
    items = (await api.get(_VOLUMES))["items"]
    claims = {item["metadata"]["name"]: _claim(item) for item in items}
    found = [v for v in objects.volumes(items, where).values() if not v.deletable]
    spaces = await _spaces(connect, stack, [v.path for v in found]) if found else {}
    return [
        Volume(
            v.name,
            claims[v.name],
            v.size,
            spaces[v.path].used if v.path in spaces else None,
            spaces[v.path].size == v.size if v.path in spaces else None,
        )
        for v in sorted(found, key=lambda v: claims[v.name])
    ]


def _claim(item: Any) -> str:
    claim: dict[str, str] = item["spec"].get("claimRef") or {}
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}"


async def _spaces(connect: Connect, stack: Stack, paths: list[str]) -> dict[str, disk.Space]:
    """What the first storage machine that can tell says."""
    argv = [*disk.DF, *paths]
    for machine in stack.of_role(Role.STORAGE):
        try:
            done = await ask(connect, machine.name, argv)
        except MachineDown:
            continue
        if done is not None and (found := disk.parse(done.text)):
            return found
    return {}
