"""containerd's configuration and unit."""

from ashore.components.templates import render
from ashore.model.fragment import File, Fragment
from ashore.model.host import HostFacts

_RESTART = "systemctl daemon-reload && systemctl restart containerd"


def fragment(*, sandbox: str, facts: HostFacts) -> Fragment:
    """Containerd as the kubelet's runtime.

    Its restart leaves containers running (KillMode=process), so a later change
    of the configuration costs no pod.

    Args:
        sandbox: the pause image, pinned so that image collection keeps it.
    """
    restrict = not facts.cap_sys_resource
    config = render(__package__, "config.toml", sandbox=sandbox, restrict_oom_score_adj=restrict)
    unit = render(__package__, "containerd.service", restrict_oom_score_adj=restrict)
    return Fragment(
        "containerd",
        files=(
            File("/etc/containerd/config.toml", config, notify=_RESTART),
            File("/etc/systemd/system/containerd.service", unit, notify=_RESTART),
        ),
        commands=("mkdir -p /etc/containerd/certs.d /etc/cni/net.d",),
        enable=("containerd.service",),
    )
