"""Taking a node out of the cluster before its machine is removed."""

import asyncio
import time
from typing import Any

from ashore.components.kubeadm.access import Access
from ashore.components.kubeadm.probe import node_of
from ashore.errors import AshoreError
from ashore.together import together
from ashore.transport.kubeapi import KubeApi

_SECONDS = 120.0
"""For the pods to go; a disruption budget may hold them longer than anybody should wait."""

_MIRROR = "kubernetes.io/config.mirror"


async def leave(access: Access, name: str) -> None:
    """Drain a node and forget it; a control plane's etcd member too. No error if it is unknown.

    Pods are evicted, so that disruption budgets hold. A node that is not Ready
    cannot end its pods: it is forgotten at once, and the cluster starts them
    elsewhere.

    Raises:
        AshoreError: pods stay beyond the deadline, or the API does not answer.
    """
    api = access.api
    path = f"/api/v1/nodes/{name}"
    found = await api.get(path)
    if found is not None:
        await api.patch(path, {"spec": {"unschedulable": True}})
        if node_of(found).ready:
            await _drain(api, name)
    await _leave_etcd(access, name)
    await api.delete(path)


async def _drain(api: KubeApi, name: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while pods := await _pods(api, name):
        refused = [why for why in await together(*(_evict(api, p) for p in pods)) if why]
        if time.monotonic() >= deadline:
            names = ", ".join(f"{p['namespace']}/{p['name']}" for p in pods)
            raise AshoreError(
                f"{name}: after {_SECONDS:.0f} s these pods are still on it: {names}"
                + "".join(f"\n{why}" for why in sorted(set(refused))),
                "`kubectl get pdb -A` shows what forbids their eviction; "
                "without them, run `ashore up` again",
            )
        await asyncio.sleep(0.25)


async def _pods(api: KubeApi, name: str) -> list[Any]:
    """Metadata of the pods that have to go: not those of DaemonSets, not static or ended ones."""
    found = await api.get(f"/api/v1/pods?fieldSelector=spec.nodeName%3D{name}")
    return [
        pod["metadata"]
        for pod in found["items"]
        if pod["status"].get("phase") not in ("Succeeded", "Failed")
        and _MIRROR not in pod["metadata"].get("annotations", {})
        and not any(o["kind"] == "DaemonSet" for o in pod["metadata"].get("ownerReferences", ()))
    ]


async def _evict(api: KubeApi, pod: Any) -> str:
    """Ask for one pod's eviction; what was refused, or nothing."""
    if "deletionTimestamp" in pod:
        return ""
    reply = await api.call(
        "POST",
        f"/api/v1/namespaces/{pod['namespace']}/pods/{pod['name']}/eviction",
        {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod["name"], "namespace": pod["namespace"]},
        },
    )
    if reply.status in (200, 201, 404):
        return ""
    return f"{pod['namespace']}/{pod['name']}: {reply.message()}"


async def _leave_etcd(access: Access, name: str) -> None:
    addresses = access.api.addresses
    for member in await access.etcd.members(addresses) or []:
        if member.name == name:
            await access.etcd.remove(addresses, member)
