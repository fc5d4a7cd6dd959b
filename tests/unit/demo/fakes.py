"""A stack with the demo on it, that answers from tables."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ashore.demo import render, site
from ashore.demo.site import Site
from ashore.events import ignore
from ashore.model.load import loads_stack
from ashore.transport.fake import RecordingTransport
from ashore.transport.https import Reply
from tests.unit.demo.test_render import Kept
from tests.unit.drill.fakes import FakeApi

ADDRESS = "10.77.0.230"
DIGEST = "sha256:" + "ab" * 32


def pod(name: str, app: str, node: str, role: str = "", **status: Any) -> dict[str, Any]:
    registry = "registry.demo.internal/demo/guestbook"
    container = {
        "ready": True,
        "imageID": f"{registry}@{DIGEST}",
        "containerID": f"containerd://id-of-{name}",
        "state": {},
    }
    return {
        "metadata": {"name": name, "labels": {"app": app} | ({"role": role} if role else {})},
        "spec": {"nodeName": node},
        "status": {"containerStatuses": [container | status]},
    }


def rolled(replicas: int = 2, **status: int) -> dict[str, Any]:
    there = {"observedGeneration": 3, "updatedReplicas": replicas, "availableReplicas": replicas}
    return {
        "metadata": {"generation": 3},
        "spec": {"replicas": replicas},
        "status": there | status,
    }


def healthy() -> dict[str, Any]:
    pods = [
        pod("guestbook-a", "guestbook", "w1"),
        pod("guestbook-b", "guestbook", "w2"),
        pod("guestbook-db-0", "guestbook-db", "w1", "replica"),
        pod("guestbook-db-1", "guestbook-db", "w2", "primary"),
    ]
    return {
        render.PODS: {"items": pods},
        render.DEPLOYMENT: rolled(),
        render.STATEFUL_SET: rolled(),
        render.SERVICE: {"status": {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}},
    }


@dataclass
class Page:
    """The guestbook behind the address, which keeps what it is told."""

    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])
    entries: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    status: dict[str, int] = field(default_factory=dict[str, int])
    """Method and path up to the first question mark -> a status to answer instead."""

    async def ask(
        self, stack: Any, address: str, method: str, path: str, body: bytes = b"", **_: Any
    ) -> Reply:
        assert address == ADDRESS
        path, _, query = path.partition("?")
        if wrong := self.status.get(f"{method} {path}"):
            return Reply(wrong, b'{"error": "no"}')
        match method, path:
            case _, "/healthz":
                return Reply(200, b"{}")
            case _, "/":
                return Reply(200, render.TITLE.encode())
            case "POST", "/entries":
                self.entries.insert(0, json.loads(body) | {"id": len(self.entries) + 1})
                return Reply(201, json.dumps({"id": self.entries[0]["id"]}).encode())
            case "GET", "/entries":
                return Reply(200, json.dumps({"entries": self.entries}).encode())
            case "DELETE", "/entries":
                self.entries = [e for e in self.entries if f"token={e['token']}" != query]
                return Reply(200, b"{}")
            case "PUT", _:
                self.kept[path] = body
                return Reply(201, b"{}")
            case "DELETE", _:
                self.kept.pop(path, None)
                return Reply(200, b"{}")
            case _:
                return Reply(200, self.kept[path])


@dataclass
class Lab:
    """What a test looks at. One machine answers for all of them."""

    cache: Path
    machine: RecordingTransport = field(default_factory=RecordingTransport)
    api: FakeApi = field(default_factory=lambda: FakeApi(healthy()))
    page: Page = field(default_factory=Page)

    def site(self) -> Site:
        stack = loads_stack("apiVersion: ashore/v1\nkind: Stack\n", "test")
        return Site(
            stack, lambda _: self.machine, cast("Any", self.api), Kept(), self.cache, ignore
        )

    def all_well(self) -> None:
        """What the machine answers when nothing is wrong."""
        name = "registry.demo.internal/demo/guestbook"
        self.machine.answer("docker version *", "26.1.5")
        self.machine.answer("docker image inspect --format {{.Id}} *", "sha256:" + "cd" * 32)
        self.machine.answer("docker image inspect *", json.dumps([f"{name}@{DIGEST}"]))
        self.machine.answer("docker manifest inspect *", "{}")
        self.machine.answer("dig *", ADDRESS)


__all__ = ["ADDRESS", "DIGEST", "Lab", "Page", "healthy", "pod", "rolled", "site"]
