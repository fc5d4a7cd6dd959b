"""`<gateway>/registry`: the registry answers."""

from dataclasses import dataclass

from ashore.components.registry import probe
from ashore.components.registry.render import UNIT
from ashore.components.wait import Watched, until
from ashore.model.types import Role, Stack
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect
from ashore.transport.https import Client


def steps(ctx: Context, client: Client) -> list[Step]:
    """One for each gateway (there is one); nothing waits for it."""
    return [
        Serve(ctx.stack, ctx.connect, client, gateway.name)
        for gateway in ctx.stack.of_role(Role.GATEWAY)
    ]


@dataclass(frozen=True, slots=True)
class Serve(Watched):
    """It answers as who it is, and lets nobody in without the account."""

    stack: Stack
    connect: Connect
    client: Client
    machine: str
    title: str = "serve container images"
    layer: str = "gateway"

    @property
    def key(self) -> str:
        return f"{self.machine}/registry"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config",)

    async def missing(self) -> str:
        """See `Watched`."""
        return await probe.answers(self.client, self.stack)

    async def apply(self) -> None:
        """See `Step`."""
        start = ["systemctl", "enable", "--now", "--no-block", UNIT]
        await self.connect(self.machine).run(start, env={"SYSTEMCTL_SKIP_SYSV": "1"})
        await until(
            self.missing,
            f"{self.machine}: the registry answers",
            seconds=30,
            hint=f"`ashore exec {self.machine} -- journalctl -u docker-registry` says why not",
        )
