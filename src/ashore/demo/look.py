"""What is missing for the guestbook to serve, a phrase for each part; empty for nothing."""

from dataclasses import dataclass
from typing import Any

from ashore.demo.render import APP, DATABASE, NAMESPACE, PODS, SERVICE, TITLE
from ashore.demo.site import Site
from ashore.model.types import Role
from ashore.together import together
from ashore.transport.kubeapi import KubeApi


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the demo.

    Attributes:
        image: by its digest, as the runtime tells it; empty before it runs.
        container: the runtime's identity of the container; empty before it runs.
        role: of a database: `primary` or `replica`, as Patroni says.
        waits: why its container does not run.
    """

    name: str
    app: str
    node: str
    ready: bool
    image: str
    container: str
    role: str
    waits: str


async def pods(api: KubeApi, app: str = "") -> list[Pod]:
    """The demo's pods that are not on their way out. Raises RequestFailed."""
    found = await api.get(PODS)
    every = [_pod(item) for item in found["items"] if "deletionTimestamp" not in item["metadata"]]
    return [pod for pod in every if not app or pod.app == app]


def _pod(item: dict[str, Any]) -> Pod:
    labels, status = item["metadata"].get("labels", {}), item.get("status", {})
    containers: list[dict[str, Any]] = status.get("containerStatuses") or [{}]
    container = containers[0]
    waiting: dict[str, str] = container.get("state", {}).get("waiting", {})
    unplaced = [
        c.get("message", "")
        for c in status.get("conditions", ())
        if c["type"] == "PodScheduled" and c["status"] != "True"
    ]
    return Pod(
        name=item["metadata"]["name"],
        app=labels.get("app", ""),
        node=item["spec"].get("nodeName", ""),
        ready=bool(container.get("ready")),
        image=container.get("imageID", ""),
        container=container.get("containerID", "").rpartition("/")[2],
        role=labels.get("role", ""),
        waits=": ".join(filter(None, (waiting.get("reason"), waiting.get("message"), *unplaced))),
    )


async def rolled_out(api: KubeApi, path: str) -> str:
    """What a Deployment or StatefulSet lacks of its newest version."""
    found = await api.get(path)
    name = path.rpartition("/")[2]
    if found is None:
        return f"{name} is not installed"
    status, wanted = found.get("status", {}), found["spec"]["replicas"]
    if status.get("observedGeneration", 0) < found["metadata"]["generation"]:
        return f"{name} has just been changed"
    there = min(status.get("updatedReplicas", 0), status.get("availableReplicas", 0))
    if there >= wanted:
        return ""
    waits = [f"{p.name}: {p.waits}" for p in await pods(api, name) if p.waits]
    return "; ".join([f"{there} of {wanted} pods of {name} are available", *waits])


async def leader(api: KubeApi) -> str:
    """What is missing for the database to have a leader and followers."""
    found = await pods(api, DATABASE)
    leads = [pod.name for pod in found if pod.role == "primary" and pod.ready]
    follow = [pod.name for pod in found if pod.role == "replica" and pod.ready]
    if len(leads) != 1:
        return f"{' and '.join(leads) or 'no database'} leads"
    return "" if follow else f"no database follows {leads[0]}"


async def address(api: KubeApi) -> str:
    """The address of the page; empty if it has none."""
    found = await api.get(SERVICE)
    if found is None:
        return ""
    ingress = found.get("status", {}).get("loadBalancer", {}).get("ingress")
    return str(ingress[0].get("ip", "")) if ingress else ""


async def no_address(api: KubeApi) -> str:
    """What is missing for the page to have an address."""
    return "" if await address(api) else f"service {APP} has no address"


async def resolved(site: Site) -> list[str]:
    """What the gateway answers for the page's name. Raises CommandFailed."""
    gateway = site.stack.of_role(Role.GATEWAY)[0]
    argv = ["dig", "+short", "+time=2", "+tries=1", f"@{gateway.address}", site.names.host, "A"]
    return (await site.connect(gateway.name).run(argv, timeout=10)).text.split()


async def unnamed(site: Site) -> str:
    """What is missing for the name to lead to the address."""
    wanted, found = await together(address(site.api), resolved(site))
    if found == [wanted]:
        return ""
    return f"the gateway answers {site.names.host} by {' '.join(found) or 'nothing'}"


async def no_page(site: Site) -> str:
    """What is missing for the page to be served by its name."""
    found = await resolved(site)
    if not found:
        return f"the gateway does not know {site.names.host}"
    reply = await site.ask(found[0], "GET", "/")
    if reply.status == 200 and TITLE.encode() in reply.body:
        return ""
    return f"http://{site.names.host}/ answers {reply.status}: {reply.message()[:80]}"


async def namespace_left(api: KubeApi) -> str:
    """What is still there of the demo: its namespace, or a volume of it."""
    found = await api.get(f"/api/v1/namespaces/{NAMESPACE}")
    if found is not None:
        conditions = found.get("status", {}).get("conditions", ())
        waits = [c["message"] for c in conditions if c["status"] == "True"]
        return "; ".join([f"namespace {NAMESPACE} is {found['status']['phase']}", *waits])
    volumes = await api.get("/api/v1/persistentvolumes")
    left = [
        v["metadata"]["name"]
        for v in volumes["items"]
        if v["spec"].get("claimRef", {}).get("namespace") == NAMESPACE
    ]
    return f"volumes are left: {', '.join(left)}" if left else ""
