"""What kubeadm and the kubelet read on a machine."""

from collections.abc import Mapping

from ashore.components.templates import render
from ashore.model.fragment import File, Fragment
from ashore.model.host import HostFacts
from ashore.model.types import Machine, Role, Stack

DIRECTORY = "/etc/kubernetes/ashore"
"""Where the configuration files for kubeadm lie on a machine."""

_PATCHES = f"{DIRECTORY}/patches"

KUBELET_CERTIFICATE = "/var/lib/kubelet/pki/kubelet-client-current.pem"
"""Certificate and key of the node; the kubelet renews it and moves the link."""

AUTHORITY = "/etc/kubernetes/pki/ca.crt"
"""The certificate of the cluster's authority, on every node."""

# Of kubeadm.k8s.io/v1beta4, in seconds; it waits that long for each part by itself.
_DEFAULTS = {
    "controlPlaneComponentHealthCheck": 240,
    "discovery": 300,
    "etcdAPICall": 120,
    "kubeletHealthCheck": 240,
    "kubernetesAPICall": 60,
    "tlsBootstrap": 300,
}

# Of the probes that kubeadm gives its static pods: period and timeout in seconds. A start's
# period is not among them: kubeadm divides `controlPlaneComponentHealthCheck` by it.
_PROBES = {"liveness": (10, 15), "readiness": (1, 15), "startup": (None, 15)}
_PROBED = {
    "etcd": ("liveness", "readiness", "startup"),
    "kube-apiserver": ("liveness", "readiness", "startup"),
    "kube-controller-manager": ("liveness", "startup"),
    "kube-scheduler": ("liveness", "readiness", "startup"),
}

# Of retries, leases and deadlines of the leader election, at most: a leader that died is
# missed for a lease, a minute by then.
_ELECTION_FACTOR = 4

_SYSCTLS = "net.ipv4.ip_forward = 1\n"
# Pods of one node reach each other's services only if bridged packets pass
# nftables; a kernel that has it built in or loaded shows the setting.
_COMMANDS = (
    "sysctl -q -p /etc/sysctl.d/90-kubernetes.conf",
    "sysctl -q -e -w net.bridge.bridge-nf-call-iptables=1",
    "mkdir -p /etc/kubernetes/manifests",
)


def fragment(
    stack: Stack, machine: Machine, *, facts: HostFacts, pki: Mapping[str, bytes]
) -> Fragment:
    """A control plane's or a worker's share of Kubernetes.

    Args:
        pki: path below /etc/kubernetes/pki -> content. A control plane gets
            the certificate authorities' keys, a worker `ca.crt` alone.
    """
    control_plane = machine.role is Role.CONTROLPLANE
    kubeconfig = _kubeconfig(stack, machine)
    files = [
        File("/etc/sysctl.d/90-kubernetes.conf", _SYSCTLS, notify="sysctl -q --system"),
        File(
            "/etc/systemd/system/kubelet.service",
            render(__package__, "kubelet.service"),
            notify="systemctl daemon-reload && systemctl restart kubelet",
        ),
        File(
            "/etc/kubernetes/kubelet.conf",
            kubeconfig,
            mode=0o600,
            notify="systemctl restart kubelet",
        ),
        File(f"{DIRECTORY}/discovery.conf", kubeconfig, mode=0o600),
        File(f"{DIRECTORY}/join.yaml", _join(machine) + _slow(machine, facts), mode=0o600),
        *(_pki_file(path, content) for path, content in pki.items()),
    ]
    if control_plane:
        node = render(__package__, "init.yaml", machine=machine) + _slow(machine, facts)
        files += _probes(facts)
        for name, cluster in (("init", initial_cluster(stack)), ("cluster", "")):
            text = f"{node}---\n{cluster_configuration(stack, facts, cluster)}"
            files.append(File(f"{DIRECTORY}/{name}.yaml", text, mode=0o600))
    return Fragment("kubeadm", files=tuple(files), commands=_COMMANDS, enable=("kubelet.service",))


def cluster_configuration(stack: Stack, facts: HostFacts, initial: str = "") -> str:
    """Cluster, kubelet and kube-proxy as kubeadm reads them.

    Args:
        initial: etcd's first members, for the start of a new cluster only. The
            cluster's own record of its configuration must not carry it: a
            control plane that joins later would form a cluster of its own.
    """
    return render(
        __package__,
        "cluster.yaml",
        stack=stack,
        cgroup=facts.cgroup,
        initial_cluster=initial,
        election_factor=min(facts.slower, _ELECTION_FACTOR),
        slower=facts.slower,
    )


def initial_cluster(stack: Stack) -> str:
    """The members of a new etcd cluster: every control plane of the stack."""
    machines = stack.of_role(Role.CONTROLPLANE)
    return ",".join(f"{machine.name}={peer_url(machine)}" for machine in machines)


def peer_url(machine: Machine) -> str:
    """Where a member of etcd listens for the others."""
    return f"https://{machine.address}:2380"


def _kubeconfig(stack: Stack, machine: Machine) -> str:
    # The floating IP, on control planes too. kubeadm would have their kubelets use the
    # API server beside them; but while that one lives and its etcd does not, it lets
    # every request wait for 34 to 60 s, the kubelet waits with it, and etcd is not
    # started for as long as two minutes. HAProxy has taken such a server out by then.
    return render(
        __package__,
        "kubeconfig",
        cluster=stack.name,
        server=f"https://{stack.api_name}:6443",
        user=f"system:node:{machine.name}",
        certificate=KUBELET_CERTIFICATE,
    )


def _join(machine: Machine) -> str:
    control_plane = machine.role is Role.CONTROLPLANE
    return render(__package__, "join.yaml", machine=machine, control_plane=control_plane)


def _slow(machine: Machine, facts: HostFacts) -> str:
    """Of Init- and JoinConfiguration: what kubeadm does where its defaults are too short."""
    if facts.patience == 1:
        return ""
    longer = (f"  {name}: {s * facts.patience:.0f}s\n" for name, s in _DEFAULTS.items())
    patched = machine.role is Role.CONTROLPLANE
    patches = f"patches:\n  directory: {_PATCHES}\n" if patched else ""
    return f"timeouts:\n{''.join(longer)}{patches}"


def _probes(facts: HostFacts) -> list[File]:
    """Patches that let the kubelet ask the control plane's static pods less impatiently.

    It kills one whose probe fails for long enough, and what starts anew is slower still.
    """
    if facts.patience == 1:
        return []
    return [
        File(
            f"{_PATCHES}/{name}+strategic.yaml",
            render(
                __package__,
                "probes.yaml",
                component=name,
                probes={each: _PROBES[each] for each in probes},
                slower=facts.slower,
            ),
        )
        for name, probes in _PROBED.items()
    ]


def _pki_file(path: str, content: bytes) -> File:
    secret = path.endswith(".key")
    return File(f"/etc/kubernetes/pki/{path}", content.decode(), mode=0o600 if secret else 0o644)
