"""What is built from Go modules, as data: one row a module."""

from dataclasses import dataclass

from ashore.supply.versions import Versions


@dataclass(frozen=True, slots=True)
class Build:
    """Programs of one Go module.

    Attributes:
        packages: main packages, by import path; the program is named by the
            last element that is not a version.
        stamps: variables that get the version at link time.
        static: link the C libraries in.
        staged: its go.mod replaces modules by directories that its archive
            does not hold; they are published with `staged` as version.
        main: copy this file of the module as our own main package, without
            the lines that import `without`; for a program that would drag in
            modules which are not needed.
        programs: built name -> wanted name, where they differ.
    """

    name: str
    module: str
    version: str
    packages: tuple[str, ...] = ()
    stamps: tuple[tuple[str, str], ...] = ()
    cgo: bool = False
    static: bool = False
    tags: str = ""
    staged: str = ""
    main: str = ""
    without: tuple[str, ...] = ()
    programs: tuple[tuple[str, str], ...] = ()


_KUBERNETES = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubeadm",
    "kubectl",
)
_BUILD_VERSION = "github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion"


def builds(v: Versions) -> tuple[Build, ...]:
    """Everything that the default stack runs, the slowest first."""
    return (
        _kubernetes(v),
        _plain("containerd", "github.com/containerd/containerd/v2", v.containerd, _CONTAINERD),
        _flannel(v),
        _plain("coredns", "github.com/coredns/coredns", v.coredns, ("",)),
        Build(
            "etcd",
            "go.etcd.io/etcd/server/v3",
            f"v{v.etcd}",
            ("go.etcd.io/etcd/server/v3",),
            programs=(("server", "etcd"),),
        ),
        _plain("etcdctl", "go.etcd.io/etcd/etcdctl/v3", v.etcd, ("",)),
        Build(
            "local-path-provisioner",
            _LOCAL_PATH,
            f"v{v.local_path}",
            (_LOCAL_PATH,),
            stamps=(("main.VERSION", f"v{v.local_path}"),),
        ),
        Build(
            "metallb",
            _METALLB,
            f"v{v.metallb}",
            (f"{_METALLB}/controller", f"{_METALLB}/speaker"),
            programs=(("controller", "metallb-controller"), ("speaker", "metallb-speaker")),
        ),
        Build(
            "metrics-server",
            _METRICS,
            f"v{v.metrics}",
            (f"{_METRICS}/cmd/metrics-server",),
            stamps=(("k8s.io/client-go/pkg/version.gitVersion", f"v{v.metrics}"),),
        ),
        _plugins("cni", v.cni, _PLUGINS),
        _plugins("cni-flannel", v.flannel_cni, ("/plugins/meta/flannel",)),
        Build(
            "runc",
            "github.com/opencontainers/runc",
            f"v{v.runc}",
            ("github.com/opencontainers/runc",),
            stamps=(("main.version", v.runc),),
            cgo=True,
            # The C library of this host may be newer than the image's.
            static=True,
            tags="seccomp netgo osusergo",
        ),
    )


_METALLB = "go.universe.tf/metallb"
_METRICS = "sigs.k8s.io/metrics-server"
_LOCAL_PATH = "github.com/rancher/local-path-provisioner"
_CONTAINERD = ("/cmd/containerd", "/cmd/containerd-shim-runc-v2", "/cmd/ctr")
_PLUGINS = (
    "/plugins/main/bridge",
    "/plugins/main/loopback",
    "/plugins/ipam/host-local",
    "/plugins/meta/portmap",
)


def _plain(name: str, module: str, version: str, packages: tuple[str, ...]) -> Build:
    return Build(
        name,
        module,
        f"v{version}",
        tuple(module + package for package in packages),
        stamps=((f"{module}/version.Version", f"v{version}"),),
    )


def _plugins(name: str, version: str, packages: tuple[str, ...]) -> Build:
    module = "github.com/containernetworking/plugins"
    return Build(
        name,
        module,
        f"v{version}",
        tuple(module + package for package in packages),
        stamps=((_BUILD_VERSION, f"v{version}"),),
    )


def _kubernetes(v: Versions) -> Build:
    major, minor, _ = v.kubernetes.split(".")
    values = (
        ("gitVersion", f"v{v.kubernetes}"),
        ("gitMajor", major),
        ("gitMinor", minor),
        ("gitTreeState", "clean"),
    )
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return Build(
        "kubernetes",
        "k8s.io/kubernetes",
        f"v{v.kubernetes}",
        tuple(f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES),
        stamps=tuple((f"{p}.{key}", value) for p in packages for key, value in values),
        staged=f"v{v.staging}",
    )


def _flannel(v: Versions) -> Build:
    module = "github.com/flannel-io/flannel"
    return Build(
        "flanneld",
        module,
        f"v{v.flannel}",
        stamps=((f"{module}/pkg/version.Version", f"v{v.flannel}"),),
        main="main.go",
        # Backends that the stack does not offer: a cloud's SDK, C code, and a
        # daemon that our image does not carry.
        without=tuple(f"{module}/pkg/backend/{b}" for b in ("tencentvpc", "udp", "ipsec")),
    )
