"""Whether CoreDNS serves."""

from dataclasses import dataclass

from ashore.components.coredns.render import DEPLOYMENT
from ashore.transport.kubeapi import KubeApi


@dataclass(frozen=True, slots=True)
class Availability:
    """Replicas that serve, and how many there should be."""

    available: int
    wanted: int


async def availability(api: KubeApi) -> Availability:
    """As the Deployment's controller sees it. Raises RequestFailed if the API does not answer."""
    found = await api.get(DEPLOYMENT)
    if found is None:
        return Availability(0, 0)
    status = found.get("status", {})
    return Availability(status.get("availableReplicas", 0), found["spec"]["replicas"])
