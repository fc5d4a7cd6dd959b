"""The demo's database loses its leader; the registry dies while a pod's image is pulled."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from ashore.demo import docker, look
from ashore.demo.render import DATABASE, NAMESPACE, STATEFUL_SET, names, payload
from ashore.demo.site import PORT, ask
from ashore.drill.audits import writes
from ashore.drill.child import Child
from ashore.drill.fault import Targets, World
from ashore.drill.faults.described import UNNOTICED, Described, run_until_done, switch_on
from ashore.drill.gaps import Sample, Span, summarise
from ashore.drill.measure import python
from ashore.drill.verdict import Bound, Check, Verdict, check_bound
from ashore.errors import AshoreError
from ashore.model.types import Role
from ashore.transport.https import RequestFailed
from ashore.transport.kubeapi import object_path

TOKEN = "ashore-drill"  # noqa: S105 - by it the drill finds its own entries again
ENTRIES = Bound("entries", gap=30.0)
"""Patroni's leader holds for 20 s what it held last; the rest is for the promotion."""

REGISTRY = "docker-registry.service"

_INTERVAL = 0.050  # s
_STEADY = 1.0  # s of signing before anything is broken
_WATCHED = 40.0  # s
_WHOLE = 120.0  # s
_AWAY = 5  # s without a registry
_PULLED = 90.0  # s; the kubelet tries again after 10 s and then 20
_PULLS = 20.0  # s
_GONE = 45.0  # s
_LOOK_EVERY = 0.1
_PAYLOAD = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDemo(Described):
    """What it breaks is there while the demo is up."""

    def lacks(self, world: World) -> str:
        """See `Particular`."""
        return "" if world.demo else "the demo is not up: `ashore demo up` first"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderKilled(OfDemo):
    """All processes of the database's leader are killed; the kubelet starts them again."""

    async def choose(self, world: World) -> dict[str, str]:
        """See `Fault`."""
        if missing := await look.leader(world.api):
            raise AshoreError(f"the demo's database is not whole: {missing}", "`ashore demo up`")
        leads = next(p for p in await look.pods(world.api, DATABASE) if p.role == "primary")
        return {"machine": leads.node, "pod": leads.name}

    async def prepare(self, world: World, on: Targets) -> None:
        """See `Witnessed`."""
        await _forget(world)

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await asyncio.sleep(_STEADY)
        (pod,) = [p for p in await look.pods(world.api, DATABASE) if p.name == on["pod"]]
        kill = ["ctr", "--namespace", "k8s.io", "tasks", "kill", "--all", "--signal", "SIGKILL"]
        await world.connect(on["machine"]).run([*kill, pod.container], timeout=20)

    async def witness(self, world: World, on: Targets) -> list[Check]:
        """See `Witnessed`."""
        samples: list[Sample] = []
        began = time.monotonic()
        window = Span(began + _STEADY / 2, began + _WATCHED)
        wish = {"seconds": _WATCHED + _STEADY, "probes": [_probe(world)]}
        child = await Child.start(
            python("ashore.drill.client"), wish, lambda line: samples.append(Sample(*line[1:]))
        )
        try:
            await asyncio.sleep(window.end - time.monotonic())
        finally:
            await child.stop()
        if child.failure:
            raise AshoreError(child.failure)
        found = check_bound(ENTRIES, samples, window, _INTERVAL)
        if samples:
            seconds = round(summarise(samples, window, _INTERVAL).longest.least, 3)
            found[0] = replace(found[0], seconds=seconds)
        kept = replace(writes.check(samples, await _entries(world)), what=_KEPT)
        return [*found, await _another(world, on), kept]

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await switch_on(world, on["machine"])
        if not world.demo:
            return  # it was taken down after the fault, with all its entries
        # What stays is told by `left`, and the next run removes it: a guestbook
        # that does not answer must not keep `ashore up` from mending the stack.
        with contextlib.suppress(AshoreError):
            await _within(_WHOLE, "the database is whole", lambda: _whole(world))
            await _forget(world)

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`."""
        missing = await _whole(world)
        found = [missing] if missing else []
        return found + (["entries of the drill are there"] if await _entries(world) else [])


_KEPT = "no acknowledged entry of the guestbook is missing"


def _probe(world: World) -> dict[str, Any]:
    entry = {"author": TOKEN, "token": TOKEN}
    where = {"address": world.demo, "port": PORT, "server": names(world.stack).host}
    timing = {"interval": _INTERVAL, "deadline": 2.0}
    return {"name": "entries", "kind": "entry", "path": "/entries", "entry": entry} | where | timing


async def _entries(world: World) -> list[str]:
    """The texts of the drill's entries. Raises RequestFailed."""
    path = f"/entries?author={TOKEN}&limit=1000000"
    reply = await ask(world.stack, world.demo, "GET", path, timeout=30)
    if reply.status != 200:
        raise RequestFailed(f"the guestbook answers {reply.status}: {reply.message()}", 0)
    return [entry["text"] for entry in reply.json()["entries"]]


async def _forget(world: World) -> None:
    """Remove the drill's entries. Raises RequestFailed."""
    reply = await ask(world.stack, world.demo, "DELETE", f"/entries?token={TOKEN}", timeout=30)
    if reply.status != 200:
        raise RequestFailed(f"the guestbook answers {reply.status}: {reply.message()}", 0)


async def _another(world: World, on: Targets) -> Check:
    found = await look.pods(world.api, DATABASE)
    leads = [pod.name for pod in found if pod.role == "primary" and pod.ready]
    right = len(leads) == 1 and leads[0] != on["pod"]
    detail = f"{' and '.join(leads) or 'no database'} leads, {on['pod']} did"
    return Check("another database leads", Verdict.PASS if right else Verdict.FAIL, detail)


async def _whole(world: World) -> str:
    return await look.rolled_out(world.api, STATEFUL_SET) or await look.leader(world.api)


async def _within(seconds: float, what: str, ask: Callable[[], Awaitable[str]]) -> None:
    """Raise unless nothing is missing within the seconds."""
    deadline = time.monotonic() + seconds
    while missing := await ask():
        if time.monotonic() > deadline:
            raise AshoreError(f"not within {seconds:.0f} s: {what}; last seen: {missing}")
        await asyncio.sleep(_LOOK_EVERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryKilled(OfDemo):
    """A pod pulls an image that no machine has, and the registry dies meanwhile."""

    async def choose(self, world: World) -> dict[str, str]:
        """See `Fault`."""
        workers = world.machines(Role.WORKER)
        return {"machine": world.machines(Role.GATEWAY)[0].name, "other": workers[-1].name}

    async def prepare(self, world: World, on: Targets) -> None:
        """See `Witnessed`."""
        engine = await docker.engine(world.connect, world.stack)
        image = _image(world)
        await engine.build(image, payload(names(world.stack).image, _PAYLOAD))
        await engine.push(image)

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await world.api.apply(pod(world, on["other"]))
        await _within(_PULLS, f"{on['other']} pulls the image", lambda: _not_yet(world))
        script = (
            f"systemctl kill --signal=KILL {REGISTRY}; systemctl stop {REGISTRY};"
            f" sleep {_AWAY}; systemctl start {REGISTRY}"
        )
        await world.connect(on["machine"]).run(["sh", "-c", script], timeout=45)

    async def witness(self, world: World, on: Targets) -> list[Check]:
        """See `Witnessed`."""
        what = f"the pod that was pulling runs within {_PULLED:g} s"
        began, seen = time.monotonic(), "no answer"
        while (took := time.monotonic() - began) < _PULLED:
            try:
                found = [p for p in await look.pods(world.api) if p.name == _POD]
            except RequestFailed as error:
                seen = error.message
            else:
                if found and found[0].ready:
                    failed = (await _events(world)).count("Failed")
                    detail = f"after {took:.1f} s, {failed} failures told by the kubelet"
                    return [Check(what, Verdict.PASS, detail, round(took, 3))]
                seen = found[0].waits if found else "no pod"
            await asyncio.sleep(_LOOK_EVERY)
        return [Check(what, Verdict.FAIL, seen)]

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await switch_on(world, on["machine"])
        await run_until_done(world, on["machine"], f"systemctl start {REGISTRY}")
        await world.api.delete(object_path(pod(world, on["other"])))

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`."""
        deadline = time.monotonic() + _GONE
        while await world.api.get(object_path(pod(world, on["other"]))) is not None:
            if time.monotonic() > deadline:
                return [f"the pod {_POD} is there"]
            await asyncio.sleep(_LOOK_EVERY)
        return []


_POD = "ashore-drill"


def _image(world: World) -> str:
    """The same name each time, so that the registry's next collection takes the former one."""
    return f"{names(world.stack).registry}/{NAMESPACE}/drill:latest"


def pod(world: World, machine: str) -> dict[str, Any]:
    """A pod of the drill's image on the machine, allowed in the demo's namespace."""
    container = {
        "name": "sleep",
        "image": _image(world),
        "imagePullPolicy": "Always",
        "command": ["sleep", "3600"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": NAMESPACE, "name": _POD},
        "spec": {
            "nodeName": machine,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "restartPolicy": "Never",
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 171,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
        },
    }


async def _events(world: World) -> list[str]:
    """The reasons of the pod's events."""
    where = f"/api/v1/namespaces/{NAMESPACE}/events?fieldSelector=involvedObject.name%3D{_POD}"
    found = await world.api.get(where)
    return [str(each.get("reason")) for each in (found["items"] if found else ())]


async def _not_yet(world: World) -> str:
    reasons = await _events(world)
    return "" if "Pulling" in reasons else f"events: {', '.join(reasons) or 'none'}"


FAULTS = (
    LeaderKilled(
        name="database-leader-killed",
        title="the leader of the demo's database is killed",
        does="sign the guestbook, and kill every process of the database's leader on {machine}",
        expected=(
            "a follower that has every acknowledged entry leads within seconds; the killed one"
            " comes back as a follower. Entries that are not acknowledged meanwhile are refused"
        ),
        lasts=_WATCHED + 35,
        recovers=60.0,
        bounds=UNNOTICED,
        roles=(Role.WORKER,),
    ),
    RegistryKilled(
        name="registry-killed",
        title="the registry is killed while a pod's image is pulled",
        does=(
            f"start a pod on {{other}} whose image no machine has, kill the registry on {{machine}}"
            f" while it is pulled, and start it again after {_AWAY} s"
        ),
        expected=(
            "the kubelet on {other} tries again, and the pod runs once the registry is back; pods"
            " that run already need no registry"
        ),
        lasts=_PULLED + 5,
        bounds=UNNOTICED,
        roles=(Role.WORKER,),
    ),
)
