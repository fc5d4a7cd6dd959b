"""`kube/flannel`: the pod network is installed. The nodes becoming Ready shows that it works."""

from dataclasses import dataclass

from ashore.components.flannel.render import manifest
from ashore.components.manifest import Manifest
from ashore.model.types import Role, Stack
from ashore.plan.step import Context, Step
from ashore.transport.kubeapi import KubeApi


def steps(ctx: Context, api: KubeApi, image: str) -> list[Step]:
    """The one step of flannel."""
    return [Flannel(api, manifest(ctx.stack, image), _begin(ctx.stack))]


@dataclass(frozen=True, slots=True)
class Flannel:
    """`kube/flannel`."""

    api: KubeApi
    manifest: Manifest
    needs: tuple[str, ...]
    key: str = "kube/flannel"
    layer: str = "network"
    title: str = "install the pod network"
    machine: None = None

    async def drift(self) -> list[str]:
        """See `Step`."""
        return await self.manifest.drift(self.api)

    async def apply(self) -> None:
        """See `Step`."""
        await self.manifest.apply(self.api)


def _begin(stack: Stack) -> tuple[str, ...]:
    """From when on an API may answer: it is waited for here, as its first seconds count."""
    return tuple(f"{plane.name}/config" for plane in stack.of_role(Role.CONTROLPLANE))
