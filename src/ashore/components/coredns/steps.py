"""`kube/coredns.manifest` and `kube/coredns`: CoreDNS is installed, and serves."""

import asyncio
from dataclasses import dataclass

from ashore.components.coredns.probe import availability
from ashore.components.coredns.render import manifest
from ashore.components.installed import Installed
from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.model.types import Role, Stack
from ashore.plan.step import Context, Step
from ashore.transport.kubeapi import KubeApi


def steps(ctx: Context, api: KubeApi, image: str) -> list[Step]:
    """Installed early, so that its pods start the moment a node is Ready."""
    installed = Installed(
        api,
        manifest(ctx.stack, image),
        key="kube/coredns.manifest",
        title="install CoreDNS",
        needs=_begin(ctx.stack),
        layer="network",
    )
    return [installed, Available(api)]


_LOOKS = 3
_BETWEEN = 0.2  # s


@dataclass(frozen=True, slots=True)
class Available:
    """`kube/coredns`."""

    api: KubeApi
    key: str = "kube/coredns"
    layer: str = "network"
    title: str = "CoreDNS available"
    machine: None = None
    needs: tuple[str, ...] = ("kube/coredns.manifest", "kube/nodes")

    async def drift(self) -> list[str]:
        """See `Step`."""
        try:
            found = await availability(self.api)
        except AshoreError as error:
            return [error.message]
        if found.wanted and found.available == found.wanted:
            return []
        return [f"{found.available} of {found.wanted} replicas are available"]

    async def apply(self) -> None:
        """See `Step`."""
        await until(self._unsettled, "CoreDNS is available", seconds=120)

    async def _unsettled(self) -> str:
        """What is missing at any of a few looks in a row.

        On a busy computer the controller managers may change their leader in
        these seconds, and a new one first writes what it knew last.
        """
        for _ in range(_LOOKS):
            if missing := await self.drift():
                return "; ".join(missing)
            await asyncio.sleep(_BETWEEN)
        return ""


def _begin(stack: Stack) -> tuple[str, ...]:
    """From when on an API may answer: it is waited for here, as its first seconds count."""
    return tuple(f"{plane.name}/config" for plane in stack.of_role(Role.CONTROLPLANE))
