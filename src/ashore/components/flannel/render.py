"""flannel's objects, and what it needs on a node."""

from ashore.components.manifest import Manifest
from ashore.components.templates import render
from ashore.model.fragment import File, Fragment
from ashore.model.types import Stack

# /run is empty after a boot, and what is made of it has to go as well.
_TMPFILES = "r! /etc/cni/net.d/10-flannel.conflist\n"
_RELOAD = "systemctl daemon-reload"


def fragment() -> Fragment:
    """For every node: the runtime learns of the pod network when flannel is there, not before.

    A node counts as Ready as soon as the runtime has a network. The usual
    manifest gives it one before flannel knows its subnet: the first pods fail
    and are tried again ten seconds later.
    """
    return Fragment(
        "flannel",
        files=(
            File(
                "/etc/cni/flannel.conflist",
                render(__package__, "flannel.conflist"),
                notify="systemctl try-restart flannel-cni.service",
            ),
            File("/etc/tmpfiles.d/flannel.conf", _TMPFILES),
            *(
                File(f"/etc/systemd/system/{unit}", render(__package__, unit), notify=_RELOAD)
                for unit in ("flannel-cni.path", "flannel-cni.service")
            ),
        ),
        enable=("flannel-cni.path",),
    )


def manifest(stack: Stack, image: str) -> Manifest:
    """The DaemonSet and what it needs."""
    text = render(
        __package__,
        "flannel.yaml",
        image=image,
        pod_cidr=stack.kubernetes.pod_cidr,
        api=stack.api_name,
        gateway=stack.network.gateway,
    )
    return Manifest(text, "/apis/apps/v1/namespaces/kube-flannel/daemonsets/kube-flannel-ds")
