"""`kube/servicenames` and `gw/names`: Services with an address have a name."""

from dataclasses import dataclass

from ashore.components.installed import Installed
from ashore.components.servicenames import probe
from ashore.components.servicenames.render import UNIT, manifest
from ashore.components.wait import Watched, until
from ashore.model.types import Role
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect
from ashore.transport.kubeapi import KubeApi

_LAYER = "addons"


def steps(ctx: Context, api: KubeApi) -> list[Step]:
    """What the gateway may see, then that it has seen it."""
    gateways = ctx.stack.of_role(Role.GATEWAY)
    installed = Installed(
        api,
        manifest(),
        key="kube/servicenames",
        title="let the gateway see services",
        layer=_LAYER,
    )
    return [installed, *(Answering(ctx.connect, gateway.name) for gateway in gateways)]


@dataclass(frozen=True, slots=True)
class Answering(Watched):
    """`gw/names`."""

    connect: Connect
    machine: str
    title: str = "answer names of services"
    layer: str = _LAYER

    @property
    def key(self) -> str:
        return f"{self.machine}/names"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config", "kube/servicenames", "kube/api")

    async def missing(self) -> str:
        """See `Watched`."""
        return await probe.missing(self.connect, self.machine)

    async def apply(self) -> None:
        """See `Step`. Started anew: one that waits for a cluster asks twice a minute at last."""
        await self.connect(self.machine).run(["systemctl", "restart", UNIT])
        await until(
            self.missing,
            f"{self.machine}: names of services are answered",
            seconds=60,
            hint=f"`ashore exec {self.machine} -- journalctl -u {UNIT}` says why not",
        )
