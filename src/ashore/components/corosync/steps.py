"""The quorum device serves, Corosync runs on each load balancer, and they are one cluster."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ashore.components.corosync import probe
from ashore.components.corosync.render import has_device
from ashore.components.wait import Watched, until
from ashore.model.types import Role
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect, MachineDown


def steps(ctx: Context) -> list[Step]:
    """`gw/qnetd`, `<lb>/corosync` for each load balancer, `lb/cluster`."""
    balancers = ctx.stack.of_role(Role.LOADBALANCER)
    gateways = ctx.stack.of_role(Role.GATEWAY) if has_device(ctx.stack) else ()
    servers = [Qnetd(ctx.connect, gateway.name) for gateway in gateways]
    members = [Member(ctx.connect, balancer.name, balancer.index) for balancer in balancers]
    cluster = Cluster(
        ctx.connect,
        {balancer.index: balancer.name for balancer in balancers},
        has_device(ctx.stack),
        (*(server.key for server in servers), *(member.key for member in members)),
    )
    return [*servers, *members, cluster]


@dataclass(frozen=True)
class Qnetd(Watched):
    """The quorum device's server accepts connections."""

    connect: Connect
    machine: str
    title: str = "serve the quorum device"
    layer: str = "gateway"

    @property
    def key(self) -> str:
        return f"{self.machine}/qnetd"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config",)

    async def apply(self) -> None:
        await _start(self.connect, self.machine, "corosync-qnetd", self.missing)

    async def missing(self) -> str:
        listens = await probe.qnetd_listens(self.connect, self.machine)
        return "" if listens else "qnetd does not listen"


@dataclass(frozen=True)
class Member(Watched):
    """Corosync runs on a load balancer and counts the node itself as a member."""

    connect: Connect
    machine: str
    node: int
    title: str = "start Corosync"
    layer: str = "load balancers"

    @property
    def key(self) -> str:
        return f"{self.machine}/corosync"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config",)

    async def apply(self) -> None:
        await _start(self.connect, self.machine, "corosync", self.missing)

    async def missing(self) -> str:
        seen = await probe.quorum(self.connect, self.machine)
        if seen is None:
            return "Corosync does not answer"
        return "" if self.node in seen.members else "Corosync has not formed a membership"


@dataclass(frozen=True)
class Cluster:
    """Every load balancer sees every other one, and quorum with the device's vote."""

    connect: Connect
    nodes: dict[int, str] = field(repr=False)
    device: bool
    needs: tuple[str, ...]
    machine: None = None
    key: str = "lb/cluster"
    title: str = "join the load balancers in a cluster"
    layer: str = "load balancers"

    async def drift(self) -> list[str]:
        differences: list[str] = []
        for name in self.nodes.values():
            try:
                missing = self.missing(name, await probe.quorum(self.connect, name))
            except MachineDown as error:
                missing = error.message
            if missing:
                differences.append(missing)
        return differences

    async def apply(self) -> None:
        async def missing() -> str:
            return "; ".join(await self.drift())

        await until(
            missing,
            "the load balancers are one cluster",
            seconds=40,
            hint="`ashore exec lb1 -- corosync-quorumtool` and `corosync-cfgtool -s` say more",
        )

    def missing(self, name: str, seen: probe.Quorum | None) -> str:
        """What one node's view lacks; empty if nothing."""
        if seen is None:
            return f"{name}: Corosync does not answer"
        absent = [other for node, other in self.nodes.items() if node not in seen.members]
        if absent:
            return f"{name} does not see {', '.join(absent)}"
        if not seen.quorate:
            return f"{name} has no quorum ({seen.votes} of {seen.expected} votes)"
        if self.device and not seen.device:
            return f"{name} has no vote of the quorum device"
        return ""


async def _start(
    connect: Connect, machine: str, unit: str, missing: Callable[[], Awaitable[str]]
) -> None:
    """Start a unit (the first boot has already asked for it) and wait until nothing is missing."""
    await connect(machine).run(["systemctl", "start", "--no-block", f"{unit}.service"])
    await until(
        missing,
        f"{machine}: {unit} runs",
        seconds=40,
        hint=f"`ashore exec {machine} -- journalctl -u {unit}` says why not",
    )
