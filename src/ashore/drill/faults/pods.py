"""A worker that loses power, and how long its pods are away."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from ashore.drill.fault import Targets, World
from ashore.drill.faults.described import UNNOTICED, last
from ashore.drill.faults.machines import Killed
from ashore.drill.verdict import Check, Verdict
from ashore.errors import AshoreError
from ashore.model.types import Role
from ashore.supply.versions import versions
from ashore.transport.https import RequestFailed
from ashore.transport.kubeapi import object_path

NAME = "ashore-drill"
_PODS = f"/api/v1/namespaces/default/pods?labelSelector=app%3D{NAME}"

AWAY = 5
"""Seconds for which the pod tolerates a node that is away; Kubernetes' own default is 300."""

ELSEWHERE = 80.0
"""Seconds until the pod must run elsewhere: Kubernetes takes a node for away after 50 s without
a word (node-monitor-grace-period) and looks every 5 s; the rest is for eviction and start."""

_PLACED = 45.0  # s
_GONE = 45.0  # s
_LOOK_EVERY = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Evicted(Killed):
    """The machine has a pod of the drill's own, which must run elsewhere afterwards."""

    async def prepare(self, world: World, on: Targets) -> None:
        """See `Witnessed`."""
        await world.api.apply(deployment(world, on["machine"]))
        deadline = time.monotonic() + _PLACED
        while not _running(pods := await _pods(world), on=on["machine"]):
            if time.monotonic() > deadline:
                raise AshoreError(f"no pod of the drill runs on {on['machine']}: {_tell(pods)}")
            await asyncio.sleep(_LOOK_EVERY)

    async def witness(self, world: World, on: Targets) -> list[Check]:
        """See `Witnessed`."""
        what = f"its pod runs on another machine within {ELSEWHERE:g} s"
        began = time.monotonic()
        seen = "no answer"
        while (took := time.monotonic() - began) < ELSEWHERE:
            try:
                pods = await _pods(world)
            except RequestFailed as error:
                seen = error.message
            else:
                seen = _tell(pods)
                if elsewhere := _running(pods, off=on["machine"]):
                    detail = f"on {_node(elsewhere)} after {took:.1f} s"
                    return [Check(what, Verdict.PASS, detail, round(took, 3))]
            await asyncio.sleep(_LOOK_EVERY)
        return [Check(what, Verdict.FAIL, seen)]

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await Killed.undo(self, world, on)
        await world.api.delete(object_path(deployment(world, on["machine"])))

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`. The old pod's end has to be confirmed by its machine, which is back."""
        deadline = time.monotonic() + _GONE
        while pods := await _pods(world):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_LOOK_EVERY)
        found = await Killed.left(self, world, on)
        if await world.api.get(object_path(deployment(world, on["machine"]))) is not None:
            found.append(f"the deployment {NAME} is there")
        return found + [f"the pod {_tell([pod])} is there" for pod in pods]


def deployment(world: World, machine: str) -> dict[str, Any]:
    """One pod that does nothing, on the machine if it can be there.

    A control plane takes it too: the stack may have no other worker.
    """
    away = [
        {
            "key": f"node.kubernetes.io/{state}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": AWAY,
        }
        for state in ("not-ready", "unreachable")
    ]
    plane = {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [machine]}
    prefer = [{"weight": 100, "preference": {"matchExpressions": [here]}}]
    pause = versions(world.stack.kubernetes.version).image("pause")
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "default", "name": NAME},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": NAME}},
            "template": {
                "metadata": {"labels": {"app": NAME}},
                "spec": {
                    "automountServiceAccountToken": False,
                    "terminationGracePeriodSeconds": 1,
                    "affinity": {
                        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": prefer}
                    },
                    "tolerations": [*away, plane],
                    "containers": [
                        # Every node has it: the runtime's own sandboxes are made of it.
                        {"name": "pause", "image": pause, "imagePullPolicy": "Never"}
                    ],
                },
            },
        },
    }


async def _pods(world: World) -> list[dict[str, Any]]:
    found = await world.api.get(_PODS)
    return list(found["items"]) if found else []


def _running(pods: list[dict[str, Any]], *, on: str = "", off: str = "") -> dict[str, Any] | None:
    """A pod that is Ready, is not on its way out, and is on the one machine or off the other."""
    for pod in pods:
        ready = any(
            c["type"] == "Ready" and c["status"] == "True"
            for c in pod.get("status", {}).get("conditions", ())
        )
        here = _node(pod) == on if on else _node(pod) != off
        if ready and here and "deletionTimestamp" not in pod["metadata"]:
            return pod
    return None


def _node(pod: dict[str, Any]) -> str:
    return str(pod["spec"].get("nodeName", ""))


def _tell(pods: list[dict[str, Any]]) -> str:
    """What was seen of the pods, for an error or a check."""
    return (
        "; ".join(
            f"{pod['metadata']['name']} on {_node(pod) or 'no machine'} is"
            f" {pod.get('status', {}).get('phase', 'unknown')}"
            + (", being deleted" if "deletionTimestamp" in pod["metadata"] else "")
            for pod in pods
        )
        or "no pod"
    )


FAULTS = (
    Evicted(
        name="worker-killed",
        title="a worker loses power, and its pods run elsewhere",
        does=(
            "start a pod on {machine} and switch {machine} off; switch it on again when the pod"
            " runs elsewhere"
        ),
        expected=(
            "the API is served as before. Kubernetes takes {machine} for away after 50 s without a"
            f" word, the pod tolerates that for {AWAY} s, and then it is started elsewhere;"
            " {machine}'s node is Ready again after it is back"
        ),
        lasts=ELSEWHERE + 10,
        bounds=UNNOTICED,
        chooses=last(Role.WORKER),
    ),
)
