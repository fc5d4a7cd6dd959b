"""The step of a component that is nothing but objects of the cluster."""

from dataclasses import dataclass

from ashore.components.manifest import Manifest
from ashore.transport.kubeapi import KubeApi


@dataclass(frozen=True, slots=True)
class Installed:
    """A manifest is applied as it is rendered now."""

    api: KubeApi
    manifest: Manifest
    key: str
    title: str
    needs: tuple[str, ...] = ("kube/bootstrap",)
    layer: str = "add-ons"
    machine: None = None

    async def drift(self) -> list[str]:
        """See `Step`."""
        return await self.manifest.drift(self.api)

    async def apply(self) -> None:
        """See `Step`."""
        await self.manifest.apply(self.api)
