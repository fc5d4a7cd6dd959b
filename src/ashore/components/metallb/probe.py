"""Whether Services get addresses, and how many are left."""

from dataclasses import dataclass
from typing import Any

from ashore.components.installed import unavailable
from ashore.components.metallb.render import ANNOUNCED, CONTROLLER, POOL_PATH, SPEAKERS
from ashore.together import together
from ashore.transport.kubeapi import KubeApi


@dataclass(frozen=True, slots=True)
class Addresses:
    """MetalLB as the cluster tells it.

    Attributes:
        wrong: what is missing for a Service to get an address and to be found there.
        used: addresses of the pool that Services have.
    """

    wrong: tuple[str, ...] = ()
    used: int = 0


async def addresses(api: KubeApi) -> Addresses:
    """Ask about controller, speakers and pool. Raises RequestFailed if the API does not answer."""
    controller, speakers, pool = await together(
        unavailable(api, CONTROLLER), silent(api), api.get(POOL_PATH)
    )
    wrong = [f"MetalLB: {each}" for each in (controller, speakers) if each]
    return Addresses(tuple(wrong), _used(pool))


def _used(pool: Any) -> int:
    """What the controller has counted; it has not yet right after its start."""
    return int(pool.get("status", {}).get("assignedIPv4", 0)) if pool else 0


async def silent(api: KubeApi) -> str:
    """How many speakers do not announce; empty if all do. Raises RequestFailed for no answer."""
    found = await api.get(SPEAKERS)
    if found is None:
        return "speaker is not installed"
    status = found.get("status", {})
    if status.get("observedGeneration") != found["metadata"].get("generation"):
        return "speakers are being placed"
    wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    return "" if ready >= wanted else f"{ready} of {wanted} speakers are ready"


async def announcers(api: KubeApi, namespace: str, service: str) -> list[str]:
    """The nodes that say that they answer for a Service's address. Raises RequestFailed.

    One that has lost its power cannot take back what it said.
    """
    found = await api.get(ANNOUNCED)
    said = [each.get("status", {}) for each in (found["items"] if found else ())]
    wanted = (namespace, service)
    mine = [s for s in said if (s.get("serviceNamespace"), s.get("serviceName")) == wanted]
    return sorted(str(s.get("node", "")) for s in mine)
