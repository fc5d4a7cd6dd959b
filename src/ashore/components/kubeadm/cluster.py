"""Steps of the cluster as a whole: `kube/bootstrap`, `kube/api`, `kube/nodes`."""

from dataclasses import dataclass

from ashore.components.kubeadm.access import Access
from ashore.components.kubeadm.probe import nodes
from ashore.components.kubeadm.render import DIRECTORY
from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.model.types import Machine, Role
from ashore.plan.step import Context
from ashore.together import together

_PROXY = "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy"

_FIRST_API = 240.0
"""Seconds until the first API server of a new cluster has to be ready."""

_HAS_NETWORK = ("sh", "-c", "ls /etc/cni/net.d/*.conflist >/dev/null 2>&1")

# All phases but upload-config, bootstrap-token and addon/kube-proxy.
_SKIP = (
    "preflight,certs,kubeconfig,etcd,control-plane,kubelet-start,wait-control-plane,"
    "upload-certs,mark-control-plane,kubelet-finalize,addon/coredns,show-join-command"
)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """`kube/bootstrap`: what the cluster needs once: its record of itself, rules, kube-proxy.

    Carried out on whichever control plane is ready first.
    """

    ctx: Context
    access: Access
    key: str = "kube/bootstrap"
    layer: str = "control planes"
    title: str = "set up the cluster's own objects"
    machine: None = None

    @property
    def needs(self) -> tuple[str, ...]:
        # Not <cp>/kubeadm: it takes the first that is ready and lets the others follow.
        return tuple(f"{cp.name}/config" for cp in self.ctx.stack.of_role(Role.CONTROLPLANE))

    async def drift(self) -> list[str]:
        """See `Step`. kube-proxy is what kubeadm makes last."""
        try:
            proxy = await self.access.api.get(
                "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy"
            )
        except AshoreError as error:
            return [error.message]
        return [] if proxy else ["kube-proxy is not installed"]

    async def apply(self) -> None:
        """See `Step`."""
        await until(self._no_api, "a control plane's API is ready", seconds=_FIRST_API)
        if not await self.drift():
            return  # the API had only been away
        first = await self.access.api.answering()
        by = next(m for m in self.ctx.stack.of_role(Role.CONTROLPLANE) if str(m.address) == first)
        config = ["--config", f"{DIRECTORY}/cluster.yaml", "--skip-phases", _SKIP]
        await self.ctx.connect(by.name).run(["kubeadm", "init", *config], timeout=120)

    async def _no_api(self) -> str:
        try:
            await self.access.api.answering()
        except AshoreError as error:
            return error.message
        return ""


@dataclass(frozen=True, slots=True)
class FloatingApi:
    """`kube/api`: the API answers through the floating IP, and a kubeconfig for it exists."""

    ctx: Context
    access: Access
    key: str = "kube/api"
    layer: str = "control planes"
    title: str = "reach the API through the floating IP"
    machine: None = None
    needs: tuple[str, ...] = ("lb/floating", "kube/bootstrap")

    async def drift(self) -> list[str]:
        """See `Step`."""
        differs = [] if self._has_kubeconfig() else ["the kubeconfig is missing or differs"]
        wrong = await self._ready()
        return [*differs, wrong] if wrong else differs

    async def apply(self) -> None:
        """See `Step`."""
        path = self.ctx.files / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(self.access.kubeconfig(), encoding="utf-8")
        await until(self._ready, "the API answers through the floating IP", seconds=60)

    def _has_kubeconfig(self) -> bool:
        try:
            found = (self.ctx.files / "kubeconfig").read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        return found == self.access.kubeconfig()

    async def _ready(self) -> str:
        return await self.access.api.ready(str(self.ctx.stack.network.floating))


@dataclass(frozen=True, slots=True)
class Nodes:
    """`kube/nodes`: every control plane and worker is a Ready node of the wanted version."""

    ctx: Context
    access: Access
    key: str = "kube/nodes"
    layer: str = "network"
    title: str = "all nodes Ready"
    machine: None = None

    @property
    def needs(self) -> tuple[str, ...]:
        return ("kube/flannel", *(f"{machine.name}/kubeadm" for machine in self._wanted()))

    async def drift(self) -> list[str]:
        """See `Step`."""
        try:
            found = {node.name: node for node in await nodes(self.access.api)}
        except AshoreError as error:
            return [error.message]
        differs: list[str] = []
        for machine in self._wanted():
            node = found.get(machine.name)
            if node is None:
                differs.append(f"{machine.name} is not a node")
            elif not node.ready:
                differs.append(f"{machine.name} is not Ready: {node.reason}")
        return differs or await self._stale()

    async def _stale(self) -> list[str]:
        """Nodes whose Ready dates from before their machine's last start.

        The API goes on saying Ready for 40 s after a machine died. Its runtime
        gets the pod network's configuration anew at each boot, and by then the
        kubelet has long told that it had none.
        """
        looks = [self.ctx.connect(m.name).run(_HAS_NETWORK, check=False) for m in self._wanted()]
        done = await together(*looks)
        return [
            f"{machine.name} has no pod network yet"
            for machine, look in zip(self._wanted(), done, strict=True)
            if look.returncode != 0
        ]

    async def apply(self) -> None:
        """See `Step`."""
        await until(self._missing, "all nodes are Ready", seconds=180)

    async def _missing(self) -> str:
        return "; ".join(await self.drift())

    def _wanted(self) -> tuple[Machine, ...]:
        stack = self.ctx.stack
        return stack.of_role(Role.CONTROLPLANE) + stack.of_role(Role.WORKER)
