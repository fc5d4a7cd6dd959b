"""HAProxy answers on its machine, and spreads over the planned control planes."""

from dataclasses import dataclass

from ashore.components.haproxy import probe
from ashore.components.wait import Watched, until
from ashore.model.types import Role
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect


def steps(ctx: Context) -> list[Step]:
    """One step for each load balancer; the cluster must run there to start HAProxy."""
    names = tuple(m.name for m in ctx.stack.of_role(Role.CONTROLPLANE))
    return [Spread(ctx.connect, m.name, names) for m in ctx.stack.of_role(Role.LOADBALANCER)]


@dataclass(frozen=True)
class Spread(Watched):
    """HAProxy runs with the planned backends; whether they are up is not its matter."""

    connect: Connect
    machine: str
    backends: tuple[str, ...]
    title: str = "spread the API over the control planes"
    layer: str = "load balancers"

    @property
    def key(self) -> str:
        return f"{self.machine}/haproxy"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("lb/cluster",)

    async def apply(self) -> None:
        await until(
            self.missing,
            f"{self.machine}: HAProxy serves the planned backends",
            seconds=40,
            hint=f"`ashore exec {self.machine} -- journalctl -u haproxy` says why not",
        )

    async def missing(self) -> str:
        found = await probe.backends(self.connect, self.machine)
        if found is None:
            return "HAProxy does not answer"
        names = tuple(backend.name for backend in found)
        return "" if names == self.backends else f"HAProxy has the backends {', '.join(names)}"
