"""The floating IP is served."""

import asyncio
import contextlib
from dataclasses import dataclass

from ashore.components.pacemaker import probe
from ashore.components.wait import Watched, until
from ashore.model.types import Role, Stack
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect

API_PORT = 6443


def steps(ctx: Context) -> list[Step]:
    """`lb/floating` and `lb/fencing`, of the cluster as a whole."""
    return [Floating(ctx.stack, ctx.connect), Fencing(ctx.stack, ctx.connect)]


@dataclass(frozen=True)
class Floating(Watched):
    """Exactly one load balancer has the floating IP, and its HAProxy accepts connections.

    Whether a control plane is behind it is another step's matter.
    """

    stack: Stack
    connect: Connect
    key: str = "lb/floating"
    title: str = "serve the floating IP"
    layer: str = "load balancers"
    machine: None = None
    needs: tuple[str, ...] = ("lb/cluster",)

    async def apply(self) -> None:
        await until(
            self.missing,
            f"{self.stack.network.floating} is served",
            seconds=60,
            hint="`ashore exec lb1 -- crm_mon -1` shows what the cluster waits for",
        )

    async def missing(self) -> str:
        floating = str(self.stack.network.floating)
        holders = await probe.holders(self.connect, self.stack)
        if len(holders) != 1:
            return f"{floating} is on {' and '.join(holders) or 'no load balancer'}"
        if not await _accepts(floating, str(self.stack.network.host)):
            return f"{floating} does not accept connections on port {API_PORT}"
        return ""


@dataclass(frozen=True)
class Fencing(Watched):
    """Each load balancer can be powered off by the other one, and the devices say so."""

    stack: Stack
    connect: Connect
    key: str = "lb/fencing"
    title: str = "try the fence devices"
    layer: str = "load balancers"
    machine: None = None
    needs: tuple[str, ...] = ("lb/cluster", "bmc")

    async def apply(self) -> None:
        await until(
            self.missing,
            "every fence device works",
            seconds=60,
            hint="`ashore exec lb1 -- crm_mon -1` shows what the cluster got for an answer",
        )

    async def missing(self) -> str:
        balancers = [m.name for m in self.stack.of_role(Role.LOADBALANCER)]
        seen = await probe.cluster(self.connect, balancers[0])
        if seen is None:
            return f"{balancers[0]}: Pacemaker does not answer"
        return "; ".join(probe.fencing(seen, balancers))


async def _accepts(address: str, source: str) -> bool:
    """Asked from the link into the stack or not at all; see `transport.https.Client`."""
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(address, API_PORT, local_addr=(source, 0))
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
