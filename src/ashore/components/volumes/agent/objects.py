"""Claims and volumes as the API shows them, and what may be asked of the class. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .quantity import parse, show

PROVISIONER = "ashore.internal/shared"
_CLAIMED_BY = "volume.kubernetes.io/storage-provisioner"
_MADE_BY = "pv.kubernetes.io/provisioned-by"
_WHOLE = 1 << 20
"""Sizes are whole mebibytes, so that what `df` says can be compared."""


@dataclass(frozen=True)
class Claim:
    """A PersistentVolumeClaim of the class.

    Attributes:
        volume: name of the volume that it is bound to; empty while pending.
        wants: bytes asked for, rounded up to whole mebibytes.
        has: bytes that its status shows.
        refusal: why the class cannot serve it; empty if it can.
    """

    namespace: str
    name: str
    uid: str
    version: str
    storage_class: str
    modes: tuple[str, ...]
    volume: str
    wants: int
    has: int
    refusal: str

    @property
    def wanted_volume(self) -> str:
        """The name of the volume that is made for it; the same whoever makes it."""
        return f"pvc-{self.uid}"

    def reference(self) -> dict[str, str]:
        """The claim as events and volumes refer to it."""
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": self.namespace,
            "name": self.name,
            "uid": self.uid,
            "resourceVersion": self.version,
        }


@dataclass(frozen=True)
class Volume:
    """A PersistentVolume that was made here."""

    name: str
    path: str
    size: int
    phase: str
    policy: str
    claim: str

    @property
    def deletable(self) -> bool:
        """Whether its claim is gone, and its data are to go too."""
        return self.phase in ("Released", "Failed") and self.policy == "Delete"


def claims(items: list[dict[str, Any]]) -> list[Claim]:
    """Those that are left to this provisioner, in the order of their age."""
    ours = [
        item
        for item in items
        if item["metadata"].get("annotations", {}).get(_CLAIMED_BY) == PROVISIONER
        and "deletionTimestamp" not in item["metadata"]
    ]
    return [_claim(item) for item in sorted(ours, key=_age)]


def _age(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["metadata"]["creationTimestamp"], item["metadata"]["uid"]


def _claim(item: Mapping[str, Any]) -> Claim:
    meta, spec, status = item["metadata"], item["spec"], item.get("status", {})
    return Claim(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        version=meta["resourceVersion"],
        storage_class=spec.get("storageClassName", ""),
        modes=tuple(spec["accessModes"]),
        volume=spec.get("volumeName", ""),
        wants=_bytes(spec["resources"]["requests"]["storage"]),
        has=_bytes(status.get("capacity", {}).get("storage", "0")),
        refusal=_refusal(spec),
    )


def _refusal(spec: Mapping[str, Any]) -> str:
    if spec.get("volumeMode") == "Block":
        return "the class has file systems only: ask for volumeMode Filesystem"
    if spec.get("selector"):
        return "a selector cannot be served: every claim gets a volume of its own"
    if spec.get("dataSource") or spec.get("dataSourceRef"):
        return "the class cannot copy another claim or a snapshot: leave out dataSource"
    return ""


def volumes(items: list[dict[str, Any]], base: str) -> dict[str, Volume]:
    """Those that were made by this provisioner, by name.

    One whose directory is not where it would have been made is left alone:
    whoever may write volumes must not have any directory removed.
    """
    found: dict[str, Volume] = {}
    for item in items:
        meta, spec = item["metadata"], item["spec"]
        path = spec.get("local", {}).get("path", "")
        made = meta.get("annotations", {}).get(_MADE_BY) == PROVISIONER
        if made and path == f"{base}/{meta['name']}":
            found[meta["name"]] = Volume(
                name=meta["name"],
                path=path,
                size=_bytes(spec["capacity"]["storage"]),
                phase=item.get("status", {}).get("phase", ""),
                policy=spec.get("persistentVolumeReclaimPolicy", ""),
                claim=spec.get("claimRef", {}).get("uid", ""),
            )
    return found


def persistent_volume(claim: Claim, base: str) -> dict[str, Any]:
    """The object for a claim's volume.

    Of type local, not hostPath: it never makes a directory on a node where the
    shared file system is not mounted. Control planes do not mount it.
    """
    not_there = {"key": "node-role.kubernetes.io/control-plane", "operator": "DoesNotExist"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": claim.wanted_volume, "annotations": {_MADE_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": quantity(claim.wants)},
            "accessModes": list(claim.modes),
            "volumeMode": "Filesystem",
            "storageClassName": claim.storage_class,
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": claim.reference(),
            "local": {"path": f"{base}/{claim.wanted_volume}"},
            "nodeAffinity": {
                "required": {"nodeSelectorTerms": [{"matchExpressions": [not_there]}]}
            },
        },
    }


def too_large(asked: int, free: int) -> str:
    """The refusal of a claim for which there is no room."""
    return (
        f"no room for {show(asked)}: the shared storage has {show(max(free, 0))} "
        "that is neither used nor promised to another volume"
    )


def quantity(size: int) -> str:
    """Bytes that are whole mebibytes, as Kubernetes writes them."""
    return f"{size >> 30}Gi" if size % (1 << 30) == 0 else f"{size >> 20}Mi"


def _bytes(text: str) -> int:
    return -(-parse(text) // _WHOLE) * _WHOLE
