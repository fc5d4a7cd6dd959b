"""From a claim to a pod that runs with its volume, beside a pod without one."""

import json
import time
from statistics import median
from typing import Any

from bench.stack import Stack

_CLASSES = (None, "local", "shared")
_NAME = "bench"


def claims(stack: Stack, runs: int) -> list[str]:
    """A line for each class: seconds from the objects to a pod that is ready.

    Two starts of kubectl are in every figure, also in that of a pod without a volume.
    """
    node = json.loads(_kubectl(stack, "get", "node", "w1", "-o", "json"))
    names = [name for image in node["status"]["images"] for name in image["names"]]
    image = next(name for name in names if "pause" in name and "@" not in name)
    return [_line(kind, [_seconds(stack, kind, image) for _ in range(runs)]) for kind in _CLASSES]


def _line(kind: str | None, took: list[float]) -> str:
    what = f"a pod with a claim of class {kind}" if kind else "a pod without a claim"
    return f"{what} is ready after {median(took):.1f} s, {max(took):.1f} s at worst of {len(took)}"


def _seconds(stack: Stack, kind: str | None, image: str) -> float:
    objects = stack.file.with_name("claim.json")
    objects.write_text(json.dumps(_objects(kind, image)))
    try:
        started = time.monotonic()
        _kubectl(stack, "apply", "-f", str(objects))
        _kubectl(stack, "wait", "--for=condition=Ready", "--timeout=120s", f"pod/{_NAME}")
        return time.monotonic() - started
    finally:
        _kubectl(stack, "delete", "--wait", "-f", str(objects))


def _objects(kind: str | None, image: str) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "main", "image": image, "imagePullPolicy": "Never"}
    spec: dict[str, Any] = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    items: list[dict[str, Any]] = []
    if kind:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": _NAME}}]
        wanted = {
            "storageClassName": kind,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "64Mi"}},
        }
        items.append(_object("PersistentVolumeClaim", wanted))
    return {"apiVersion": "v1", "kind": "List", "items": [*items, _object("Pod", spec)]}


def _object(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": _NAME}, "spec": spec}


def _kubectl(stack: Stack, *argv: str) -> str:
    return stack.run("kubectl", "--", *argv)[1]
