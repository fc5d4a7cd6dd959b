"""`make bench-services`: from an image to a page: push, pull, a service's address, its failover."""

import argparse
import asyncio
import json
import os
import tarfile
import time
from ipaddress import IPv4Interface
from pathlib import Path
from statistics import median
from typing import Any

from ashore.app.select import Chosen
from ashore.app.session import open_session
from ashore.host.run import run
from ashore.model.addresses import DRILL
from ashore.model.load import load_stack
from ashore.model.types import Role
from ashore.model.types import Stack as Model
from ashore.state.paths import StackState, cache_root
from ashore.supply import oci
from ashore.supply.base import planned
from ashore.supply.machine import architecture
from ashore.supply.versions import versions
from bench.stack import Stack, own_stack
from bench.throughput import Figures, wrk

_CLIENT = "page"
_MIB = 2**20
_PUSHED, _PULLED = 64, 32  # MiB
_PORT = 8080


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each")
    parser.add_argument("--seconds", type=int, default=5, help="of a run of wrk")
    chosen = parser.parse_args()
    with own_stack(2, "wrk") as stack:
        stack.up()
        model = load_stack(stack.file)
        _show("image push, MiB/s", _pushes(stack, model, chosen.runs))
        _show(f"pull of {_PULLED} MiB to pod ready, s", _pulls(stack, model, chosen.runs))
        asyncio.run(_page(stack, model, chosen.runs, chosen.seconds))
        _show("announcer killed, gap of a page, s (aim 3)", _failovers(stack, chosen.runs))


def _show(what: str, values: list[float]) -> None:
    print(f"{what}: median {median(values):.2f} ({min(values):.2f} to {max(values):.2f}),"
          f" {len(values)} runs", flush=True)  # fmt: skip


def _archive(stack: Stack, model: Model, name: str, mebibytes: int) -> Path:
    """An image that does nothing for ever, with a layer that no compression makes smaller."""
    place = stack.file.parent
    layer, path = place / f"{name}.layer", place / f"{name}.tar"
    entries = [
        oci.Entry("pause", _pause(model)),
        oci.Entry("rest", os.urandom(mebibytes * _MIB)),
    ]
    oci.write_layer(layer, entries)
    reference = f"{model.registry_name}/bench/{name}:1"
    oci.write_image(path, oci.Spec(reference, architecture(), ("/pause",)), [layer])
    layer.unlink()
    return path


def _pause(model: Model) -> bytes:
    """The pause program, out of its image."""
    programs = planned(versions(model.kubernetes.version), cache_root())
    (image,) = [p for p in programs.images if p.stem == "pause"]
    with tarfile.open(image) as outer:
        for member in outer:
            file = outer.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            try:
                with tarfile.open(fileobj=file) as layer:
                    found = layer.extractfile("pause")
                    if found is not None:
                        return found.read()
            except (tarfile.ReadError, KeyError):
                continue
    raise SystemExit(f"{image} holds no pause program")


def _pushes(stack: Stack, model: Model, runs: int) -> list[float]:
    found: list[float] = []
    for number in range(runs):
        path = _archive(stack, model, f"push{number}", _PUSHED)
        answer = json.loads(stack.run("image", "push", str(path), "-o", "json")[1])
        found.append(_PUSHED / answer["seconds"])
        path.unlink()
    return found


def _pulls(stack: Stack, model: Model, runs: int) -> list[float]:
    found: list[float] = []
    for number in range(runs):
        name = f"pull{number}"
        path = _archive(stack, model, name, _PULLED)
        stack.run("image", "push", str(path))
        path.unlink()
        container = {"name": "main", "image": f"{model.registry_name}/bench/{name}:1"}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {
                "nodeName": "w1",
                "terminationGracePeriodSeconds": 0,
                "containers": [container],
            },
        }
        began = time.monotonic()
        _apply(stack, pod)
        stack.run("kubectl", "--", "wait", "--for=condition=Ready", "--timeout=60s", f"pod/{name}")
        found.append(time.monotonic() - began)
        stack.run("kubectl", "--", "delete", "pod", name)
    return found


def _apply(stack: Stack, *objects: dict[str, Any]) -> None:
    path = stack.file.parent / "objects.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
    stack.run("kubectl", "--", "apply", "-f", str(path))


def _get(stack: Stack, *what: str) -> Any:
    return json.loads(stack.run("kubectl", "--", "get", *what, "-o", "json")[1])


def _objects(model: Model) -> list[dict[str, Any]]:
    """CoreDNS serves a page about its own health: small, and already on every node."""
    meta, labels = {"name": _CLIENT}, {"app": _CLIENT}
    container = {
        "name": "page",
        "image": versions(model.kubernetes.version).image("coredns"),
        "args": ["-conf", "/etc/coredns/Corefile"],
        "readinessProbe": {"httpGet": {"path": "/health", "port": _PORT}, "periodSeconds": 1},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}],
    }
    pod = {
        "nodeName": "w1",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": meta}],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    service = {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "selector": labels,
        "ports": [{"port": 80, "targetPort": _PORT}],
    }
    corefile = {"Corefile": f".:1053 {{\n  health :{_PORT}\n}}\n"}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": corefile},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
         "spec": {"selector": {"matchLabels": labels}, "template": template}},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service},
    ]  # fmt: skip


async def _page(stack: Stack, model: Model, runs: int, seconds: int) -> None:
    """wrk in the fabric, against the service's address and against the pod itself in turn."""
    _apply(stack, *_objects(model))
    stack.run("kubectl", "--", "rollout", "status", f"deployment/{_CLIENT}", "--timeout=60s")
    (pod,) = _get(stack, "pods", "-l", f"app={_CLIENT}")["items"]
    ingress = _get(stack, "service", _CLIENT)["status"]["loadBalancer"]["ingress"]
    node = _get(stack, "node", "w1")
    session = open_session(
        Chosen(model, str(stack.file), "", StackState(stack.state / model.name), cache_root())
    )
    network, worker = model.network, model.of_role(Role.WORKER)[0]
    address = IPv4Interface(f"{network.cidr[DRILL.first]}/{network.cidr.prefixlen}")
    enter = await session.driver.guest_add(_CLIENT, address)
    try:
        route = ["ip", "route", "add", node["spec"]["podCIDR"], "via", str(worker.address)]
        await run([*enter, *route])
        pod_url = f"http://{pod['status']['podIP']}:{_PORT}/health"
        service_url = f"http://{ingress[0]['ip']}/health"
        direct, through = list[Figures](), list[Figures]()
        options = ["-t1", "-c16", f"-d{seconds}s", "--latency"]
        for _ in range(runs):
            direct.append(await wrk(enter, options, pod_url))
            through.append(await wrk(enter, options, service_url))
    finally:
        await session.driver.guest_remove(_CLIENT)
    _show("page from its pod, requests/s", [f.rate for f in direct])
    _show("page from its service's address, requests/s", [f.rate for f in through])
    ratio = median(f.rate for f in through) / median(f.rate for f in direct)
    print(f"  the service's address: {ratio:.2f} of the pod (aim 0.8)", flush=True)


def _failovers(stack: Stack, runs: int) -> list[float]:
    """The longest gap of each run of the drill, whatever its verdict."""
    history = stack.state / "bench" / "drill" / "history"
    for _ in range(runs):
        stack.run("drill", "run", "announcer-killed", code=None)
    kept = [json.loads(p.read_text()) for p in sorted(history.glob("*-announcer-killed.json"))]
    checks = [c for k in kept for c in k["checks"] if c["what"].startswith("page:")]
    return [c["seconds"] for c in checks if c.get("seconds") is not None]


if __name__ == "__main__":
    main()
