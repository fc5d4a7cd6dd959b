"""The gateway's CoreDNS, which knows the Services of the cluster."""

import base64
import re

from ashore.components.manifest import Manifest
from ashore.components.templates import render
from ashore.model.fragment import File, Fragment
from ashore.model.types import NAMES_PORT, Stack

GROUP = "ashore:servicenames"
"""Whose members may see Services: the organisation of the gateway's certificate."""

UNIT = "ashore-names.service"
READY_PORT = 8181
"""Of the gateway's loopback: whether CoreDNS has seen every Service."""

_DIRECTORY = "/etc/ashore/names"
_BINDING = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/ashore-servicenames"


def fragment(stack: Stack, *, identity: bytes, ca: bytes) -> Fragment:
    """The gateway's share.

    Args:
        identity: certificate and key of a member of `GROUP` (PEM).
        ca: the cluster's authority.
    """
    again = f"systemctl restart {UNIT}"
    unit = render(__package__, "names.service", directory=_DIRECTORY)
    start = f"systemctl daemon-reload && systemctl enable --now --no-block {UNIT}"
    return Fragment(
        "servicenames",
        files=(
            File(f"{_DIRECTORY}/Corefile", corefile(stack), notify=again),
            File(
                f"{_DIRECTORY}/kubeconfig",
                _kubeconfig(stack, identity, ca),
                mode=0o600,
                notify=again,
            ),
            File(f"/etc/systemd/system/{UNIT}", unit, notify=start),
        ),
        enable=(UNIT,),
    )


def corefile(stack: Stack) -> str:
    """`<service>.<namespace>.<domain>`; whatever has one label less is no machine."""
    domain = stack.network.domain
    return render(
        __package__,
        "Corefile",
        domain=domain,
        port=NAMES_PORT,
        ready=READY_PORT,
        kubeconfig=f"{_DIRECTORY}/kubeconfig",
        machines=rf"^[^.]+\.{re.escape(domain)}\.$",
    )


def manifest() -> Manifest:
    """What the gateway may see of the cluster."""
    return Manifest(render(__package__, "names.yaml", group=GROUP), _BINDING)


def _kubeconfig(stack: Stack, identity: bytes, ca: bytes) -> str:
    """The API through the floating IP: by its address, as names come from here."""
    both = base64.b64encode(identity).decode()
    return render(
        __package__,
        "kubeconfig",
        server=f"https://{stack.network.floating}:6443",
        authority=base64.b64encode(ca).decode(),
        certificate=both,
        key=both,
    )
