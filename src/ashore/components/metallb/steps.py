"""`kube/metallb.manifest` and `kube/metallb`: Services of type LoadBalancer get addresses."""

from dataclasses import dataclass

from ashore.components.installed import Installed
from ashore.components.metallb.probe import addresses
from ashore.components.metallb.render import make_key, manifest
from ashore.components.wait import Watched, until
from ashore.errors import AshoreError
from ashore.plan.step import Context, Step
from ashore.transport.kubeapi import KubeApi

_LAYER = "addons"


def steps(ctx: Context, api: KubeApi, controller: str, speaker: str) -> list[Step]:
    """Installed early, so that it starts the moment a node is Ready."""
    key = ctx.secrets.keep("kube/memberlist", make_key)
    installed = Installed(
        api,
        manifest(ctx.stack, controller, speaker, key),
        key="kube/metallb.manifest",
        title="install MetalLB",
        layer=_LAYER,
    )
    return [installed, Announcing(api)]


@dataclass(frozen=True, slots=True)
class Announcing(Watched):
    """`kube/metallb`: its controller and every speaker are ready."""

    api: KubeApi
    key: str = "kube/metallb"
    title: str = "services get addresses"
    layer: str = _LAYER
    machine: None = None
    needs: tuple[str, ...] = ("kube/metallb.manifest", "kube/nodes")

    async def missing(self) -> str:
        """See `Watched`."""
        try:
            return "; ".join((await addresses(self.api)).wrong)
        except AshoreError as error:
            return error.message

    async def apply(self) -> None:
        """See `Step`."""
        await until(
            self.missing,
            "MetalLB is ready",
            seconds=120,
            hint="`ashore kubectl -- -n metallb-system get pods` shows which of its pods is not",
        )
