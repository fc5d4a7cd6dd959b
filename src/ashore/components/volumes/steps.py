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

_QUOTA = "features.quota"
_WITH_QUOTA = "features.inode-quota"
_WANTED = {
    _QUOTA: "on",
    _WITH_QUOTA: "on",
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
        found = await self._options()
        if found is None:
            return ["no storage machine's glusterd answers"]
        return [
            f"{option} is {found[1].get(option, 'not set')} instead of {value}"
            for option, value in _WANTED.items()
            if found[1].get(option) != value
        ]

    async def apply(self) -> None:
        """See `Step`. Tried again for a while: Gluster takes one change at a time."""
        await until(self._set, "Gluster enforces limits", seconds=60, interval=1.0)

    async def _set(self) -> str:
        found = await self._options()
        if found is None:
            return "no storage machine's glusterd answers"
        machine, has = found
        volume = ("gluster", "--mode=script", "volume")
        commands = [
            (*volume, "quota", self.storage.volume, "enable")
            if option == _QUOTA
            else (*volume, "set", self.storage.volume, option, value)
            for option, value in _WANTED.items()
            if has.get(option) != value and option != _WITH_QUOTA
        ]
        for command in commands:
            await self.connect(machine).run(command)
        return ""

    async def _options(self) -> tuple[str, dict[str, str]] | None:
        """The volume's options, and the storage machine that told them."""
        argv = ["gluster", "volume", "info", self.storage.volume]
        for machine in self.stack.of_role(Role.STORAGE):
            try:
                done = await ask(self.connect, machine.name, argv)
            except MachineDown:
                continue
            if done is not None and done.returncode == 0:
                lines = [line for line in done.text.splitlines() if ": " in line]
                return machine.name, {k: v for k, _, v in (line.partition(": ") for line in lines)}
        return None


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
