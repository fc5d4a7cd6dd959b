"""The gateway serves addresses and names."""

from dataclasses import dataclass

from ashore.components.dnsmasq import probe
from ashore.components.wait import until
from ashore.model.types import Role, Stack
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect


def steps(ctx: Context) -> list[Step]:
    """One step for each gateway (there is one)."""
    return [
        Serve(ctx.stack, ctx.connect, gateway.name) for gateway in ctx.stack.of_role(Role.GATEWAY)
    ]


@dataclass(frozen=True)
class Serve:
    """dnsmasq listens for DHCP and answers names as the model has them."""

    stack: Stack
    connect: Connect
    machine: str
    title: str = "serve addresses and names"
    layer: str = "gateway"

    @property
    def key(self) -> str:
        return f"{self.machine}/dnsmasq"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config",)

    async def drift(self) -> list[str]:
        missing = await probe.serving(self.connect, self.machine)
        return [missing] if missing else []

    async def apply(self) -> None:
        transport = self.connect(self.machine)
        await transport.run(["systemctl", "start", "--no-block", "dnsmasq.service"])

        async def serving() -> str:
            return await probe.serving(self.connect, self.machine)

        await until(
            serving,
            f"{self.machine}: dnsmasq serves",
            seconds=20,
            hint=f"`ashore exec {self.machine} -- journalctl -u dnsmasq` says why not",
        )
