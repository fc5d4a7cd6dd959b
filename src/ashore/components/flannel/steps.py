"""`kube/flannel`: the pod network is installed. The nodes becoming Ready shows that it works."""

from dataclasses import dataclass

from ashore.components.flannel.render import manifest
from ashore.components.manifest import Manifest
from ashore.plan.step import Context, Step
from ashore.transport.kubeapi import KubeApi


def steps(ctx: Context, api: KubeApi, image: str) -> list[Step]:
    """The one step of flannel."""
    return [Flannel(api, manifest(ctx.stack, image))]


@dataclass(frozen=True, slots=True)
class Flannel:
    """`kube/flannel`."""

    api: KubeApi
    manifest: Manifest
    key: str = "kube/flannel"
    layer: str = "network"
    title: str = "install the pod network"
    machine: None = None
    needs: tuple[str, ...] = ("kube/bootstrap",)

    async def drift(self) -> list[str]:
        """See `Step`."""
        return await self.manifest.drift(self.api)

    async def apply(self) -> None:
        """See `Step`."""
        await self.manifest.apply(self.api)
