"""The steps of a component that is nothing but objects of the cluster."""

from dataclasses import dataclass

from ashore.components.manifest import Manifest
from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.transport.kubeapi import KubeApi


@dataclass(frozen=True, slots=True)
class Installed:
    """A manifest is applied as it is rendered now."""

    api: KubeApi
    manifest: Manifest
    key: str
    title: str
    needs: tuple[str, ...] = ("kube/bootstrap",)
    layer: str = "volumes"
    machine: None = None

    async def drift(self) -> list[str]:
        """See `Step`."""
        return await self.manifest.drift(self.api)

    async def apply(self) -> None:
        """See `Step`."""
        await self.manifest.apply(self.api)


@dataclass(frozen=True, slots=True)
class Running:
    """Every replica of a Deployment is available."""

    api: KubeApi
    deployment: str
    key: str
    title: str
    needs: tuple[str, ...]
    layer: str = "volumes"
    machine: None = None

    async def drift(self) -> list[str]:
        """See `Step`."""
        try:
            missing = await unavailable(self.api, self.deployment)
        except AshoreError as error:
            return [error.message]
        return [missing] if missing else []

    async def apply(self) -> None:
        """See `Step`."""

        async def look() -> str:
            return "; ".join(await self.drift())

        name = self.deployment.rsplit("/", 1)[-1]
        await until(look, f"{name} is available", seconds=120)


async def unavailable(api: KubeApi, deployment: str) -> str:
    """What a Deployment lacks; empty if nothing. Raises RequestFailed for no answer."""
    found = await api.get(deployment)
    if found is None:
        return f"{deployment.rsplit('/', 1)[-1]} is not installed"
    wanted = found["spec"]["replicas"]
    available = found.get("status", {}).get("availableReplicas", 0)
    if available >= wanted:
        return ""
    return f"{available} of {wanted} replicas of {found['metadata']['name']} are available"
