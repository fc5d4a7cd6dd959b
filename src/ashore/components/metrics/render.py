"""metrics-server's objects."""

import base64

from ashore.components.manifest import Manifest
from ashore.components.templates import render
from ashore.pki.authority import Pair

NAME = "metrics-server.kube-system.svc"
"""What its certificate must carry: by this name the API servers call it."""

API = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
DEPLOYMENT = "/apis/apps/v1/namespaces/kube-system/deployments/metrics-server"


def manifest(image: str, identity: Pair, authority: bytes) -> Manifest:
    """The server, and the API that is answered by it.

    Args:
        identity: its certificate, for `NAME`, and key.
        authority: the certificate that vouches for it (PEM).
    """
    text = render(
        __package__,
        "metrics.yaml",
        image=image,
        authority=_base64(authority),
        certificate=_base64(identity.cert),
        key=_base64(identity.key),
    )
    return Manifest(text, DEPLOYMENT)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
