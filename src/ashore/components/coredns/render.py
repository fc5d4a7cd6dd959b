"""CoreDNS's objects."""

from ashore.components.manifest import Manifest
from ashore.components.templates import render
from ashore.model.types import Stack

DEPLOYMENT = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"


def manifest(stack: Stack, image: str) -> Manifest:
    """Two replicas on different nodes where possible, and the service at its planned address."""
    text = render(
        __package__,
        "coredns.yaml",
        image=image,
        dns=stack.kubernetes.dns,
        gateway=stack.network.gateway,
    )
    return Manifest(text, DEPLOYMENT)
