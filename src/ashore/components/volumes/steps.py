"""`kube/volumes` and `volumes/provisioner`: shared volumes can be asked for."""

from dataclasses import dataclass

from ashore.components.installed import Installed
from ashore.components.volumes import probe
from ashore.components.volumes.render import PROVISIONER_UNIT, manifest
from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.model.types import Role
from ashore.plan.step import Context, Step
from ashore.transport.kubeapi import KubeApi


def steps(ctx: Context, api: KubeApi) -> list[Step]:
    """Nothing in a stack without storage machines."""
    if ctx.stack.storage is None:
        return []
    first = ctx.stack.of_role(Role.STORAGE)[0].name
    return [
        Installed(api, manifest(), "kube/volumes", "install the class of shared volumes"),
        Provisioner(api, first),
    ]


@dataclass(frozen=True, slots=True)
class Provisioner:
    """`volumes/provisioner`: one of the storage machines makes what is asked for."""

    api: KubeApi
    first: str
    key: str = "volumes/provisioner"
    layer: str = "volumes"
    title: str = "shared volumes are made"
    machine: None = None
    needs: tuple[str, ...] = ("storage/volume", "kube/volumes", "kube/api")

    async def drift(self) -> list[str]:
        """See `Step`."""
        try:
            by = await probe.acting(self.api)
        except AshoreError as error:
            return [error.message]
        return [] if by else ["no storage machine's provisioner acts"]

    async def apply(self) -> None:
        """See `Step`."""
        await until(
            self._missing,
            "a storage machine makes shared volumes",
            seconds=60,
            hint=f"`ashore exec {self.first} -- journalctl -u {PROVISIONER_UNIT}` says why not",
        )

    async def _missing(self) -> str:
        return "; ".join(await self.drift())
