"""The local-path-provisioner's objects, and the StorageClass `local`."""

import hashlib
import json

from ashore.components.manifest import Manifest
from ashore.components.templates import render
from ashore.model.types import Role, Stack

DIRECTORY = "/var/lib/ashore-volumes"
"""Where a worker keeps the volumes of class `local`."""

CLASS = "local"
DEPLOYMENT = "/apis/apps/v1/namespaces/local-path-storage/deployments/local-path-provisioner"


def manifest(stack: Stack, image: str) -> Manifest:
    """The provisioner and its class, which is the default if no other one is there.

    Args:
        image: of the provisioner; its helper pods run `sh`, `mkdir` and `rm` of it.
    """
    config = configuration(stack)
    text = render(
        __package__,
        "localpath.yaml",
        image=image,
        config=config,
        digest=hashlib.sha256(config.encode()).hexdigest()[:16],
        default=stack.storage is None,
    )
    return Manifest(text, DEPLOYMENT)


def configuration(stack: Stack) -> str:
    """Which directory on which node, as JSON.

    Control planes are named with none, so that a pod which tolerates their
    taint is refused its volume instead of getting one beside etcd.
    """
    others: list[object] = [
        {"node": cp.name, "paths": []} for cp in stack.of_role(Role.CONTROLPLANE)
    ]
    workers = {"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [DIRECTORY]}
    return json.dumps({"nodePathMap": [workers, *others]})
