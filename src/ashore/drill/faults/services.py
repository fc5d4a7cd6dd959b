"""The worker that answers for a Service's address loses power."""

import asyncio
import hashlib
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Any

from ashore.components.metallb.probe import announcers
from ashore.drill.child import Child
from ashore.drill.fault import Targets, World
from ashore.drill.faults.described import UNNOTICED
from ashore.drill.faults.machines import Killed
from ashore.drill.gaps import Sample, Span, summarise
from ashore.drill.measure import python
from ashore.drill.verdict import Bound, Check, check_bound
from ashore.errors import AshoreError
from ashore.model.types import Role
from ashore.supply.versions import versions
from ashore.transport.kubeapi import object_path

NAME = "ashore-drill-page"
_SERVICE = f"/api/v1/namespaces/default/services/{NAME}"
_PODS = f"/api/v1/namespaces/default/pods?labelSelector=app%3D{NAME}"
_SERVICES = "/api/v1/services"
_PORT = 8080

PAGE = Bound("page", gap=5.0)
"""The aim is 3 s; speakers as MetalLB sets them up took 6.6."""

_INTERVAL = 0.050  # s
_STEADY = 4.0  # s before anything is broken; the client may need half of it to start
_WATCHED = 15.0  # s
_ANNOUNCED = 45.0  # s
_GONE = 45.0  # s
_LOOK_EVERY = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncerKilled(Killed):
    """The machine answers for the address of a page of the drill's own."""

    async def prepare(self, world: World, on: Targets) -> None:
        """See `Witnessed`."""
        found = await world.api.get(_SERVICES)
        used = {each for service in (found["items"] if found else ()) for each in given(service)}
        address = announced_by(world, on["machine"], on["other"], used)
        for wanted in objects(world, on, address):
            await world.api.apply(wanted)
        deadline = time.monotonic() + _ANNOUNCED
        while missing := await self._missing(world, on, address):
            if time.monotonic() > deadline:
                raise AshoreError(f"no page to break: {missing}")
            await asyncio.sleep(_LOOK_EVERY)

    async def _missing(self, world: World, on: Targets, address: str) -> str:
        pods = await _pods(world)
        ready = {pod["spec"].get("nodeName", "") for pod in pods if _ready(pod)}
        if lacking := {on["machine"], on["other"]} - ready:
            return f"none runs on {' and '.join(sorted(lacking))}"
        if address not in given(await world.api.get(_SERVICE)):
            return f"its service has not got {address}"
        by = await announcers(world.api, "default", NAME)
        return "" if by == [on["machine"]] else f"{' and '.join(by) or 'nobody'} announces it"

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await asyncio.sleep(_STEADY)
        await Killed.inject(self, world, on)

    async def witness(self, world: World, on: Targets) -> list[Check]:
        """See `Witnessed`."""
        address = next(iter(given(await world.api.get(_SERVICE))))
        samples: list[Sample] = []
        window = Span(time.monotonic() + _STEADY / 2, time.monotonic() + _WATCHED)
        wish = {"seconds": _WATCHED + _STEADY, "probes": [_probe(address)]}
        child = await Child.start(
            python("ashore.drill.client"), wish, lambda line: samples.append(Sample(*line[1:]))
        )
        try:
            await asyncio.sleep(window.end - time.monotonic())
        finally:
            await child.stop()
        if child.failure:
            raise AshoreError(child.failure)
        found = check_bound(PAGE, samples, window, _INTERVAL)
        if not samples:
            return found
        seconds = round(summarise(samples, window, _INTERVAL).longest.least, 3)
        return [replace(found[0], seconds=seconds), *found[1:]]

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await Killed.undo(self, world, on)
        for wanted in objects(world, on, ""):
            await world.api.delete(object_path(wanted))

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`. The old pod's end has to be confirmed by its machine, which is back."""
        deadline = time.monotonic() + _GONE
        while pods := await _pods(world):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_LOOK_EVERY)
        found = await Killed.left(self, world, on)
        for wanted in objects(world, on, ""):
            if await world.api.get(object_path(wanted)) is not None:
                found.append(f"the {wanted['kind']} {NAME} is there")
        return found + [f"the pod {pod['metadata']['name']} is there" for pod in pods]


async def two_workers(world: World) -> dict[str, str]:
    """The last worker, and the one that has to announce after it.

    Raises:
        AshoreError: there is no other one.
    """
    workers = world.machines(Role.WORKER)
    if len(workers) < 2:
        raise AshoreError(f"{world.stack.name} has one worker: nobody could announce after it")
    return {"machine": workers[-1].name, "other": workers[0].name}


def announced_by(world: World, machine: str, other: str, used: Collection[str]) -> str:
    """A free address that the machine announces as long as it can, the other one after it.

    MetalLB orders the nodes by a digest of name and address (`layer2_controller.go`),
    so who announces is chosen by choosing the address.

    Raises:
        AshoreError: none is free.
    """
    first, last = map(int, world.stack.network.services)
    for each in map(str, map(IPv4Address, range(last, first - 1, -1))):
        mine, others = (hashlib.sha256(f"{m}#{each}".encode()).digest() for m in (machine, other))
        if each not in used and mine < others:
            return each
    raise AshoreError(f"no address is free that {machine} would announce")


def given(service: dict[str, Any] | None) -> list[str]:
    """The addresses that a Service has got."""
    status = (service or {}).get("status", {})
    return [each.get("ip", "") for each in status.get("loadBalancer", {}).get("ingress", ())]


def objects(world: World, on: Targets, address: str) -> list[dict[str, Any]]:
    """A page on either worker, and a Service that leads to the one of its announcer."""
    meta = {"namespace": "default", "name": NAME}
    labels = {"app": NAME}
    image = versions(world.stack.kubernetes.version).image("coredns")
    corefile = f".:1053 {{\n  health :{_PORT}\n}}\n"
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": sorted(on.values())}
    apart = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": labels}}
    container = {
        "name": "page",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "readinessProbe": {"httpGet": {"path": "/health", "port": _PORT}, "periodSeconds": 1},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [here]}]
                }
            },
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]},
        },
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": NAME}}],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    deployment = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    service = {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "selector": labels,
        "ports": [{"port": 80, "targetPort": _PORT}],
    }
    asked = {**meta, "annotations": {"metallb.io/loadBalancerIPs": address}}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"Corefile": corefile}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": deployment},
        {"apiVersion": "v1", "kind": "Service", "metadata": asked, "spec": service},
    ]


def _probe(address: str) -> dict[str, Any]:
    where = {"address": address, "port": 80, "server": address, "path": "/health"}
    return where | {"name": "page", "kind": "request", "interval": _INTERVAL, "deadline": 1.0}


async def _pods(world: World) -> list[dict[str, Any]]:
    found = await world.api.get(_PODS)
    return list(found["items"]) if found else []


def _ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


FAULTS = (
    AnnouncerKilled(
        name="announcer-killed",
        title="the worker that answers for a service's address loses power",
        does=(
            "serve a page on {machine} and {other} at one address, which {machine} announces, and"
            " switch {machine} off; switch it on again later"
        ),
        expected=(
            "{other} announces the address within seconds: MetalLB's speakers miss {machine}'s"
            " answers. As externalTrafficPolicy is Local, {other} leads to its own pod alone, and"
            " no request goes to the one that is gone. The API is served as before"
        ),
        lasts=_WATCHED + 5,
        bounds=UNNOTICED,
        roles=(Role.WORKER,),
        chooses=two_workers,
    ),
)
