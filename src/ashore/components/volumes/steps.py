"""`volumes/quota`, `kube/volumes`, `volumes/provisioner`: shared volumes can be asked for."""

from dataclasses import dataclass

from ashore.components.installed import Installed
from ashore.components.volumes import probe
from ashore.components.volumes.render import manifest
from ashore.components.wait import ask, until
from ashore.errors import AshoreError
from ashore.model.types import Role, Stack, Storage
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect, MachineDown
from ashore.transport.kubeapi import KubeApi

_WANTED = {
    "features.quota": "on",
    "features.inode-quota": "on",
    "features.quota-deem-statfs": "on",
    # Zero: what is used is counted at each write. The usual 60 s and 5 s let a
    # fast writer pass its limit by far.
    "features.hard-timeout": "0",
    "features.soft-timeout": "0",
}


def steps(ctx: Context, api: KubeApi) -> list[Step]:
    """Nothing in a stack without storage machines."""
    storage = ctx.stack.storage
    if storage is None:
        return []
    return [
        Quota(ctx.connect, ctx.stack, storage),
        Installed(api, manifest(), "kube/volumes", "install the class of shared volumes"),
        Provisions(api),
    ]


@dataclass(frozen=True, slots=True)
class Quota:
    """`volumes/quota`: Gluster enforces limits of directories."""

    connect: Connect
    stack: Stack
    storage: Storage
    key: str = "volumes/quota"
    layer: str = "storage"
    title: str = "enforce the sizes of volumes"
    machine: None = None
    needs: tuple[str, ...] = ("storage/volume",)

    async def drift(self) -> list[str]:
        """See `Step`."""
        name = self.storage.volume
        for machine in self.stack.of_role(Role.STORAGE):
            try:
                done = await ask(self.connect, machine.name, ["gluster", "volume", "info", name])
            except MachineDown:
                continue
            if done is not None and done.returncode == 0:
                has = dict(line.split(": ", 1) for line in done.text.splitlines() if ": " in line)
                return [
                    f"{option} is {has.get(option, 'not set')} instead of {value}"
                    for option, value in _WANTED.items()
                    if has.get(option) != value
                ]
        return ["no storage machine's glusterd answers"]

    async def apply(self) -> None:
        """See `Step`."""

    async def _set(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Provisions:
    """`volumes/provisioner`: one of the storage machines makes what is asked for."""

    api: KubeApi
    key: str = "volumes/provisioner"
    layer: str = "volumes"
    title: str = "shared volumes are made"
    machine: None = None
    needs: tuple[str, ...] = ("volumes/quota", "kube/volumes", "kube/api")

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
            hint="`ashore exec st1 -- journalctl -u ashore-volumes` says why not",
        )

    async def _missing(self) -> str:
        return "; ".join(await self.drift())
