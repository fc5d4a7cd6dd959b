"""Kubernetes objects for the tests.

Nothing can be pulled here, so a pod is the pause image with the node's own
programs mounted into it: a shell, curl, dig and Python come from there.
"""

import json
from typing import Any

from tests.machine.conftest import Ashore

_PROGRAMS = {"usr": "/usr", "bin": "/bin", "lib": "/lib", "lib64": "/lib64"}


def pause_image(stack: Ashore) -> str:
    node = json.loads(stack.kubectl("get", "node", "w1", "-o", "json"))
    images = [name for image in node["status"]["images"] for name in image["names"]]
    return next(name for name in images if "pause" in name and "@" not in name)


def pod(name: str, node: str, image: str, *command: str, claim: str = "") -> dict[str, Any]:
    """A pod on a node; with `claim`, that claim's volume is at /data."""
    mounts: list[dict[str, Any]] = [
        {"name": k, "mountPath": v, "readOnly": True} for k, v in _PROGRAMS.items()
    ]
    volumes: list[dict[str, Any]] = [
        {"name": k, "hostPath": {"path": f"/usr/{k}" if k != "usr" else "/usr"}} for k in _PROGRAMS
    ]
    if claim:
        mounts.append({"name": "data", "mountPath": "/data"})
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": claim}})
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "Never",
        "command": list(command),
        "volumeMounts": mounts,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
            "volumes": volumes,
        },
    }


def claim(
    name: str, size: str, mode: str = "ReadWriteMany", storage_class: str | None = None
) -> dict[str, Any]:
    """A claim; without a class, of the default one."""
    spec: dict[str, Any] = {
        "accessModes": [mode],
        "resources": {"requests": {"storage": size}},
    }
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec,
    }


def apply(stack: Ashore, *objects: dict[str, Any]) -> None:
    file = stack.file.parent / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    stack.kubectl("apply", "-f", str(file))
