"""`status`: every machine and the cluster, asked now and held against the model."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ashore.app import services, storage, volumes
from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.components.coredns import probe as coredns
from ashore.components.corosync import probe as corosync
from ashore.components.dnsmasq import probe as dnsmasq
from ashore.components.docker import probe as docker
from ashore.components.gluster import probe as gluster
from ashore.components.haproxy import probe as haproxy
from ashore.components.kubeadm import probe as kubeadm
from ashore.components.kubeadm.access import Access
from ashore.components.pacemaker import probe as pacemaker
from ashore.components.registry import probe as registry
from ashore.components.servicenames import probe as servicenames
from ashore.drivers.base import PowerState
from ashore.errors import AshoreError
from ashore.host.run import require_root
from ashore.model.types import Machine, Role
from ashore.recipe import access_of, registry_access
from ashore.together import together


@dataclass(frozen=True, slots=True)
class Cluster:
    """Kubernetes as its API tells it; `wrong` says why there is no answer."""

    nodes: dict[str, kubeadm.Node]
    api: dict[str, str]
    dns: coredns.Availability
    wrong: str


@dataclass(frozen=True, slots=True)
class Health:
    """One machine: whether it does what its role asks, and a line about it."""

    ready: bool
    detail: str
    brick: storage.Brick | None = None


async def status(chosen: Chosen) -> dict[str, Any]:
    """The document of `status -o json`."""
    require_root("status")
    session = open_session(chosen)
    powers = await session.driver.states()
    cluster, holders, pair, volume = await together(
        _kubernetes(session, powers), pacemaker.holders(session.context.connect, session.stack),
        _pair(session), storage.volume(session),
    )  # fmt: skip
    health = await together(
        *(
            _health(session, m, powers.get(m.name, PowerState.ABSENT), cluster, holders)
            for m in session.stack.machines
        )
    )
    machines = [
        {
            "name": m.name,
            "role": m.role,
            "address": str(m.address),
            "power": powers.get(m.name, PowerState.ABSENT),
            "ready": h.ready,
            "detail": h.detail,
        }
        for m, h in zip(session.stack.machines, health, strict=True)
    ]
    pods, offered = volumes.Volumes(), services.Services()
    if not cluster.wrong:
        pods, offered = await together(volumes.volumes(session), services.services(session))
    problems = _problems(session, cluster, holders, pair)
    problems += [f"shared volume: {each}" for each in (volume.wrong if volume else ())]
    seen = zip(session.stack.machines, health, strict=True)
    bricks = {m.name: h.brick for m, h in seen if h.brick is not None}
    problems += [f"{name}: {each}" for name, brick in bricks.items() for each in brick.warnings()]
    problems += [*volumes.problems(session, pods), *offered.wrong]
    return {
        "stack": session.stack.name,
        "healthy": not problems and all(h.ready for h in health),
        "machines": machines,
        "floatingIP": {"address": str(session.stack.network.floating), "holders": holders},
        "kubernetes": {
            "version": _version(cluster),
            "nodes": len(cluster.nodes),
            "ready": sum(node.ready for node in cluster.nodes.values()),
        },
        "loadBalancers": _balancers(pair),
        "storage": volume.document([b.document(n) for n, b in bricks.items()]) if volume else None,
        "volumes": volumes.document(pods),
        "services": services.document(session, offered),
        "problems": problems,
    }


async def _kubernetes(session: Session, powers: dict[str, PowerState]) -> Cluster:
    nothing = coredns.Availability(0, 0)
    planes = session.stack.of_role(Role.CONTROLPLANE)
    if not session.state.secrets.is_dir() or not any(p.name in powers for p in planes):
        return Cluster({}, {}, nothing, "the cluster has not been made")
    access: Access = access_of(session.context)
    try:
        nodes, api, dns = await together(
            kubeadm.nodes(access.api),
            kubeadm.api_health(access.api, planes),
            coredns.availability(access.api),
        )
    except AshoreError as error:
        return Cluster({}, {}, nothing, error.message)
    return Cluster({n.name: n for n in nodes}, api, dns, "")


async def _pair(session: Session) -> pacemaker.Cluster | None:
    """The load balancers' cluster as the first of them that answers sees it."""
    for balancer in session.stack.of_role(Role.LOADBALANCER):
        try:
            seen = await pacemaker.cluster(session.context.connect, balancer.name)
        except AshoreError:
            continue
        if seen is not None:
            return seen
    return None


def _balancers(pair: pacemaker.Cluster | None) -> dict[str, Any]:
    """Quorum, the coordinator, and where each resource and fence device runs."""
    if pair is None:
        return {"quorate": False, "coordinator": None, "resources": [], "failures": []}
    return {
        "quorate": pair.quorate,
        "coordinator": pair.dc,
        "resources": [
            {"name": r.name, "machine": r.node, "failed": r.failed} for r in pair.resources
        ],
        "failures": list(pair.failures),
    }


def _problems(
    session: Session, cluster: Cluster, holders: list[str], pair: pacemaker.Cluster | None
) -> list[str]:
    found: list[str] = []
    if len(holders) != 1:
        where = " and ".join(holders) or "no machine"
        found.append(f"the floating IP is on {where}")
    if pair is None:
        found.append("no load balancer's Pacemaker answers")
    else:
        found += [] if pair.quorate else ["the load balancers have no quorum"]
        found += [f"Pacemaker: {failure}" for failure in pair.failures]
        names = [m.name for m in session.stack.of_role(Role.LOADBALANCER)]
        found += pacemaker.fencing(pair, names)
    if cluster.wrong:
        found.append(cluster.wrong)
    elif cluster.dns.available < max(cluster.dns.wanted, 1):
        found.append(f"CoreDNS: {cluster.dns.available} of {cluster.dns.wanted} replicas serve")
    wanted = {m.name for m in session.stack.machines}
    found += [f"node {name} is not in the stack file" for name in cluster.nodes.keys() - wanted]
    return found


async def _health(
    session: Session, machine: Machine, power: PowerState, cluster: Cluster, holders: list[str]
) -> Health:
    if power is not PowerState.ON:
        return Health(False, "`ashore up` starts it" if power is PowerState.OFF else "not made yet")
    ask: Callable[[], Awaitable[Health]]
    match machine.role:
        case Role.GATEWAY:
            ask = lambda: _gateway(session, machine)  # noqa: E731
        case Role.LOADBALANCER:
            ask = lambda: _balancer(session, machine, holders)  # noqa: E731
        case Role.STORAGE:
            ask = lambda: _storage(session, machine)  # noqa: E731
        case Role.WORKER:
            ask = lambda: _worker(session, machine, cluster)  # noqa: E731
        case Role.CONTROLPLANE:
            return _node(machine, cluster)
    try:
        return await ask()
    except AshoreError as error:
        return Health(False, error.message.splitlines()[0])


async def _gateway(session: Session, machine: Machine) -> Health:
    connect = session.context.connect
    missing, names, votes, images = await together(
        dnsmasq.serving(connect, machine.name),
        servicenames.missing(connect, machine.name),
        corosync.qnetd_listens(connect, machine.name),
        registry.answers(registry_access(session.context)[1], session.stack),
    )
    silent = "" if votes else "the quorum device does not listen"
    wrong = [each for each in (missing, names, silent, images) if each]
    return Health(not wrong, "; ".join(wrong) or "DHCP, DNS, quorum device, registry")


async def _balancer(session: Session, machine: Machine, holders: list[str]) -> Health:
    connect = session.context.connect
    quorum, backends = await together(
        corosync.quorum(connect, machine.name), haproxy.backends(connect, machine.name)
    )
    wrong: list[str] = []
    if quorum is None:
        wrong.append("Corosync does not answer")
    elif not quorum.quorate:
        wrong.append("no quorum")
    elif not quorum.device:
        wrong.append("no vote of the quorum device")
    if backends is None:
        wrong.append("HAProxy does not answer")
    else:
        down = [b.name for b in backends if not b.up]
        wrong += [f"HAProxy sees {', '.join(down)} down"] if down else []
    held = "floating IP, " if machine.name in holders else ""
    return Health(not wrong, "; ".join(wrong) or f"{held}HAProxy to {len(backends or ())} APIs")


async def _storage(session: Session, machine: Machine) -> Health:
    connect, shared = session.context.connect, session.stack.storage
    if shared is None:
        return Health(False, "the stack has no volume")
    brick, mount = await together(
        storage.brick(session, machine, shared), gluster.mount(connect, machine.name, shared)
    )
    wrong = [*brick.wrong(), *([mount] if mount else [])]
    return Health(not wrong, "; ".join(wrong) or brick.detail(), brick)


async def _worker(session: Session, machine: Machine, cluster: Cluster) -> Health:
    """A worker is as well as its node, its mount of the shared volume and its Docker."""
    node, shared, connect = _node(machine, cluster), session.stack.storage, session.context.connect
    if shared is not None and node.ready:
        wrong = await gluster.mount(connect, machine.name, shared)
        node = Health(False, wrong) if wrong else node
    if not (node.ready and session.stack.docker):
        return node
    engine = await docker.engine(connect, machine.name)
    return Health(engine.running, f"{node.detail}, Docker{'' if engine.running else ' is away'}")


def _node(machine: Machine, cluster: Cluster) -> Health:
    node = cluster.nodes.get(machine.name)
    wrong = cluster.api.get(machine.name, "")
    if node is None:
        return Health(False, "its node is not known" if not cluster.wrong else "no answer")
    if not node.ready:
        return Health(False, f"node not Ready: {node.reason}")
    if wrong:
        return Health(False, wrong)
    plane = machine.role is Role.CONTROLPLANE
    return Health(True, "API and node ready" if plane else "node ready")


def _version(cluster: Cluster) -> str:
    versions = sorted({node.version for node in cluster.nodes.values()})
    return ", ".join(versions)
