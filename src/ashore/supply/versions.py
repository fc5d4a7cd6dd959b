"""The one table of versions: every program, its module, its image.

A row is a Kubernetes release with everything that was tried together with it.
Image tags are those that the release's own kubeadm asks for
(`kubeadm config images list`).
"""

from dataclasses import dataclass

from ashore.errors import AshoreError, ExitCode

REGISTRY = "registry.k8s.io"
FLANNEL_REGISTRY = "ghcr.io/flannel-io"
RANCHER_REGISTRY = "docker.io/rancher"
METALLB_REGISTRY = "quay.io/metallb"

_LOCAL_PATH = "local-path-provisioner"


@dataclass(frozen=True, slots=True)
class Versions:
    """What belongs to one Kubernetes release; versions without a leading v.

    Attributes:
        go: the oldest Go that builds all of it.
        etcd_tag: the image tag that kubeadm asks for; `etcd` is what is in it.
        flannel_cni: the module version that still carries flannel's CNI plugin.
        flannel_plugin: the release of flannel's CNI plugin in its own repository.
        local_path: the local-path-provisioner.
        metrics: the metrics-server.
    """

    kubernetes: str
    go: tuple[int, int]
    etcd: str
    etcd_tag: str
    coredns: str
    pause: str
    containerd: str
    runc: str
    cni: str
    flannel: str
    flannel_cni: str
    flannel_plugin: str
    local_path: str
    metallb: str
    metrics: str

    def image(self, name: str) -> str:
        """The full reference of an image by its short name, as the cluster asks for it."""
        return {
            "coredns": f"{REGISTRY}/coredns/coredns:v{self.coredns}",
            "etcd": f"{REGISTRY}/etcd:{self.etcd_tag}",
            "flannel": f"{FLANNEL_REGISTRY}/flannel:v{self.flannel}",
            _LOCAL_PATH: f"{RANCHER_REGISTRY}/{_LOCAL_PATH}:v{self.local_path}",
            "metallb-controller": f"{METALLB_REGISTRY}/controller:v{self.metallb}",
            "metallb-speaker": f"{METALLB_REGISTRY}/speaker:v{self.metallb}",
            "metrics-server": f"{REGISTRY}/metrics-server/metrics-server:v{self.metrics}",
            "pause": f"{REGISTRY}/pause:{self.pause}",
        }.get(name, f"{REGISTRY}/{name}:v{self.kubernetes}")

    @property
    def staging(self) -> str:
        """The version of Kubernetes's staging modules: 1.37.2 -> 0.37.2."""
        return "0" + self.kubernetes.removeprefix("1")


_TABLE = (
    Versions(
        kubernetes="1.37.2",
        go=(1, 26),
        etcd="3.7.0",
        etcd_tag="3.7.0-0",
        coredns="1.14.6",
        pause="3.10.2",
        containerd="2.4.2",
        runc="1.5.2",
        cni="1.9.1",
        flannel="0.28.10",
        flannel_cni="0.9.1",
        flannel_plugin="1.9.1-flannel3",
        local_path="0.0.30",
        metallb="0.16.1",
        metrics="0.8.0",
    ),
)

SUPPORTED = tuple(row.kubernetes for row in _TABLE)
"""Kubernetes versions that can be asked for."""


def versions(kubernetes: str) -> Versions:
    """The row of a Kubernetes version. Raises AshoreError for one that is not in the table."""
    for row in _TABLE:
        if row.kubernetes == kubernetes:
            return row
    raise AshoreError(
        f"Kubernetes {kubernetes} is not supported",
        f"supported: {', '.join(SUPPORTED)}",
        ExitCode.USAGE,
    )
