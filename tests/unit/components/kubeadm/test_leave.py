"""How a node leaves: what is asked of the API and of etcd."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ashore.components.kubeadm import leave as module
from ashore.components.kubeadm.access import Access
from ashore.components.kubeadm.etcd import Member
from ashore.components.kubeadm.leave import leave
from ashore.errors import AshoreError
from ashore.transport.https import Reply


def pod(name: str, *, owner: str = "", mirror: bool = False) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": name, "namespace": "default", "annotations": {}}
    if owner:
        meta["ownerReferences"] = [{"kind": owner}]
    if mirror:
        meta["annotations"]["kubernetes.io/config.mirror"] = "x"
    return {"metadata": meta, "status": {"phase": "Running"}}


@dataclass
class Cluster:
    """A node's pods; an eviction takes its pod away unless the budget forbids it."""

    pods: list[dict[str, Any]]
    ready: str = "True"
    budget: bool = False
    known: bool = True
    done: list[str] = field(default_factory=list[str])
    addresses: tuple[str, ...] = ("10.77.0.21",)

    async def get(self, path: str) -> Any:
        if path.startswith("/api/v1/nodes/"):
            conditions = [{"type": "Ready", "status": self.ready}]
            node = {"metadata": {"name": "w2"}, "status": {"conditions": conditions}}
            return node if self.known else None
        return {"items": self.pods}

    async def patch(self, path: str, change: Any) -> None:
        self.done.append("cordon")

    async def delete(self, path: str) -> None:
        self.done.append(f"delete {path}")

    async def call(self, method: str, path: str, body: Any) -> Reply:
        if self.budget:
            return Reply(429, b'{"message": "the budget is used up"}')
        name = path.split("/")[-2]
        self.done.append(f"evict {name}")
        self.pods = [p for p in self.pods if p["metadata"]["name"] != name]
        return Reply(201, b"{}")

    async def members(self, addresses: Any) -> list[Member]:
        return [Member("7", "w2", (), True, False), Member("8", "other", (), True, False)]

    async def remove(self, addresses: Any, member: Member) -> None:
        self.done.append(f"etcd without {member.name}")

    def access(self) -> Access:
        return cast("Access", SimpleNamespace(api=self, etcd=self))


async def test_pods_are_evicted_but_those_that_belong_to_the_node() -> None:
    pods = [pod("web"), pod("proxy", owner="DaemonSet"), pod("etcd", mirror=True)]
    cluster = Cluster(pods)
    await leave(cluster.access(), "w2")
    assert cluster.done == ["cordon", "evict web", "etcd without w2", "delete /api/v1/nodes/w2"]


async def test_a_node_that_is_not_ready_is_not_waited_for() -> None:
    cluster = Cluster([pod("web")], ready="Unknown")
    await leave(cluster.access(), "w2")
    assert "evict web" not in cluster.done
    assert cluster.done[-1] == "delete /api/v1/nodes/w2"


async def test_a_budget_is_respected_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.0)
    cluster = Cluster([pod("web")], budget=True)
    with pytest.raises(AshoreError, match=r"default/web: the budget is used up"):
        await leave(cluster.access(), "w2")
    assert cluster.done == ["cordon"]


async def test_an_unknown_node_is_no_error() -> None:
    cluster = Cluster([], known=False)
    await leave(cluster.access(), "w2")
    assert "cordon" not in cluster.done
