"""What the cluster says of itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ashore.components.kubeadm.etcd import Etcd, Member
from ashore.model.types import Machine
from ashore.together import together
from ashore.transport.kubeapi import KubeApi


@dataclass(frozen=True, slots=True)
class Node:
    """A node as the API shows it; `reason` says why it is not ready."""

    name: str
    ready: bool
    version: str
    reason: str


async def nodes(api: KubeApi) -> list[Node]:
    """Every node of the cluster. Raises RequestFailed if the API does not answer."""
    return [node_of(item) for item in (await api.get("/api/v1/nodes"))["items"]]


def node_of(item: Any) -> Node:
    """A node from the API's object."""
    status = item["status"]
    ready = next((c for c in status.get("conditions", ()) if c["type"] == "Ready"), None)
    return Node(
        name=item["metadata"]["name"],
        ready=ready is not None and ready["status"] == "True",
        version=status.get("nodeInfo", {}).get("kubeletVersion", "").removeprefix("v"),
        reason="" if ready is None else ready.get("message", ""),
    )


async def api_health(api: KubeApi, control_planes: Sequence[Machine]) -> dict[str, str]:
    """Control plane -> empty if its own API server is ready, else what is wrong."""
    said = await together(*(api.ready(str(m.address)) for m in control_planes))
    return {m.name: wrong for m, wrong in zip(control_planes, said, strict=True)}


async def etcd_members(etcd: Etcd, control_planes: Sequence[Machine]) -> list[Member]:
    """The members of etcd; empty if no majority answers."""
    return await etcd.members([str(m.address) for m in control_planes]) or []
