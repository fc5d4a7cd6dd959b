"""An API and a file system that remember what was asked of them."""

from typing import Any

from ashore.components.volumes.agent.disk import DiskError, Space
from ashore.components.volumes.agent.kube import Reply
from ashore.components.volumes.agent.objects import PROVISIONER

GI = 1 << 30
MOUNT = "/srv/shared"
BASE = f"{MOUNT}/volumes"


def claim(name: str = "data", size: str = "1Gi", **changes: Any) -> dict[str, Any]:
    uid = changes.pop("uid", f"uid-{name}")
    status = changes.pop("status", {"phase": "Pending"})
    return {
        "metadata": {
            "namespace": "default",
            "name": name,
            "uid": uid,
            "resourceVersion": "7",
            "creationTimestamp": changes.pop("created", "2026-01-01T00:00:00Z"),
            "annotations": {"volume.kubernetes.io/storage-provisioner": PROVISIONER},
        },
        "spec": {
            "storageClassName": "shared",
            "accessModes": ["ReadWriteMany"],
            "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": size}},
            **changes,
        },
        "status": status,
    }


def volume(name: str = "data", size: str = "1Gi", **changes: Any) -> dict[str, Any]:
    full = f"pvc-uid-{name}"
    return {
        "metadata": {
            "name": full,
            "annotations": {"pv.kubernetes.io/provisioned-by": changes.pop("by", PROVISIONER)},
        },
        "spec": {
            "capacity": {"storage": size},
            "persistentVolumeReclaimPolicy": changes.pop("policy", "Delete"),
            "claimRef": {"namespace": "default", "name": name, "uid": f"uid-{name}"},
            "local": {"path": changes.pop("path", f"{BASE}/{full}")},
        },
        "status": {"phase": changes.pop("phase", "Bound")},
    }


class FakeKube:
    """Lists what it holds; `calls` has every change in order."""

    def __init__(self, claims: list[Any] | None = None, volumes: list[Any] | None = None) -> None:
        self.lists = {"claims": claims or [], "s": volumes or []}
        self.calls: list[tuple[str, str, Any]] = []
        self.answers: dict[str, Reply] = {}

    async def items(self, path: str) -> tuple[list[dict[str, Any]], str]:
        return self.lists[path.removeprefix("/api/v1/persistentvolume")], "1"

    async def call(
        self, method: str, path: str, body: Any = None, kind: str = "application/json"
    ) -> Reply:
        self.calls.append((method, path, body))
        return self.answers.get(method, Reply(201, {}))

    def changes(self, method: str) -> list[tuple[str, Any]]:
        """Path and body of the changes by a method, events left out."""
        return [(p, b) for m, p, b in self.calls if m == method and "/events" not in p]

    @property
    def events(self) -> list[tuple[str, str]]:
        """Reason and message of each."""
        return [(b["reason"], b["message"]) for m, p, b in self.calls if p.endswith("/events")]


class FakeDisk:
    """Directories as a dictionary; `calls` has every change in order."""

    mount, volume, base = MOUNT, "shared", BASE

    def __init__(self, free: int = 50 * GI, spaces: dict[str, Space] | None = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.fails = ""
        self.all = {MOUNT: Space(100 * GI, 100 * GI - free, free), **(spaces or {})}

    async def spaces(self, paths: Any) -> dict[str, Space]:
        return {p: s for p, s in self.all.items() if p in (MOUNT, *paths)}

    async def make(self, path: str) -> None:
        self.calls.append(("make", path))

    async def limit(self, path: str, size: int) -> None:
        if self.fails:
            raise DiskError(self.fails)
        self.calls.append(("limit", path, size))

    async def unlimit(self, path: str) -> None:
        self.calls.append(("unlimit", path))

    async def remove(self, path: str) -> None:
        self.calls.append(("remove", path))
