"""Whether the metrics API answers."""

from ashore.components.metrics.render import API
from ashore.transport.kubeapi import KubeApi


async def missing(api: KubeApi) -> str:
    """Why the API servers have no metrics; empty if they have. Raises RequestFailed."""
    found = await api.get(API)
    if found is None:
        return "the metrics API is not installed"
    for condition in found.get("status", {}).get("conditions", ()):
        if condition["type"] == "Available":
            good = condition["status"] == "True"
            return "" if good else f"the metrics API is not available: {condition['message']}"
    return "the metrics API is not available yet"
