"""Who has the floating IP, and what the cluster says of itself."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from ashore.components.pacemaker.cib import device
from ashore.components.wait import ask
from ashore.model.types import Role, Stack
from ashore.together import together
from ashore.transport.base import CommandFailed, Connect


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource on one node; `node` is None where it does not run."""

    name: str
    node: str | None
    failed: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster as one node sees it.

    `failures` are the failed actions, a line each; `fencing` says whether
    Pacemaker may power a node off.
    """

    quorate: bool
    dc: str | None
    online: tuple[str, ...]
    resources: tuple[Resource, ...]
    failures: tuple[str, ...]
    fencing: bool


async def holders(connect: Connect, stack: Stack) -> list[str]:
    """Names of the load balancers that have the floating IP now; one that is off has none."""
    machines = [m.name for m in stack.of_role(Role.LOADBALANCER)]
    found = await together(*(_holds(connect, name, stack) for name in machines))
    return [name for name, holds in zip(machines, found, strict=True) if holds]


async def _holds(connect: Connect, machine: str, stack: Stack) -> bool:
    argv = ["ip", "-4", "-o", "address", "show", "to", f"{stack.network.floating}/32"]
    try:
        done = await connect(machine).run(argv, check=False, timeout=5)
    except CommandFailed:
        return False
    return bool(done.stdout.strip())


async def cluster(connect: Connect, machine: str) -> Cluster | None:
    """The cluster as this node sees it; None if Pacemaker does not answer.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    done = await ask(connect, machine, ["crm_mon", "--one-shot", "--output-as=xml"], seconds=10)
    return parse(done.text) if done and done.returncode == 0 else None


def parse(text: str) -> Cluster:
    """What `crm_mon --output-as=xml` prints."""
    root = ET.fromstring(text)  # noqa: S314 - our own machine's answer
    dc = root.find("summary/current_dc")
    options = root.find("summary/cluster_options")
    return Cluster(
        quorate=dc is not None and dc.get("with_quorum") == "true",
        dc=dc.get("name") if dc is not None else None,
        online=tuple(node.get("name", "") for node in root.iterfind("nodes/node[@online='true']")),
        resources=tuple(_resource(element) for element in root.iterfind("resources//resource")),
        failures=tuple(_failure(element) for element in root.iterfind("failures/failure")),
        fencing=options is not None and options.get("stonith-enabled") == "true",
    )


def fencing(seen: Cluster, balancers: Sequence[str]) -> list[str]:
    """What keeps a load balancer from being powered off; empty if nothing does."""
    if not seen.fencing:
        return ["fencing is off"]
    devices = {resource.name: resource for resource in seen.resources}
    missing: list[str] = []
    for name in map(device, balancers):
        found = devices.get(name)
        if found is None:
            missing.append(f"there is no {name}")
        elif found.node is None or found.failed:
            missing.append(f"{name} does not work")
    return missing


def _resource(element: ET.Element) -> Resource:
    node = element.find("node")
    runs = element.get("role") not in (None, "Stopped")
    return Resource(
        element.get("id", ""),
        node.get("name") if node is not None and runs else None,
        element.get("failed") == "true",
    )


def _failure(element: ET.Element) -> str:
    name, node = element.get("op_key", ""), element.get("node", "")
    status, reason = element.get("exitstatus", ""), element.get("exitreason", "")
    return f"{name} on {node}: {status} {reason}".rstrip()
