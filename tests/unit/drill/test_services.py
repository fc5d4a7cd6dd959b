"""The worker that answers for a Service's address."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from ashore.components.metallb.render import ANNOUNCED
from ashore.drill import catalogue
from ashore.drill.fault import Witnessed
from ashore.drill.faults import services
from ashore.drill.faults.services import AnnouncerKilled, announced_by
from ashore.drill.verdict import Verdict
from ashore.errors import AshoreError
from tests.unit.drill.fakes import Lab

ON = {"machine": "w2", "other": "w1"}
SERVICE = "/api/v1/namespaces/default/services/ashore-drill-page"
PODS = "/api/v1/namespaces/default/pods?labelSelector=app%3Dashore-drill-page"


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> AnnouncerKilled:
    for name in ("_ANNOUNCED", "_GONE"):
        monkeypatch.setattr(services, name, 0.05)
    monkeypatch.setattr(services, "_STEADY", 0.0)
    monkeypatch.setattr(services, "_LOOK_EVERY", 0.001)
    found = catalogue.find("announcer-killed")
    assert isinstance(found, AnnouncerKilled)
    assert isinstance(found, Witnessed)
    return found


def pod(node: str) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True"}]
    return {
        "metadata": {"name": f"page-{node}"},
        "spec": {"nodeName": node},
        "status": {"conditions": conditions},
    }


class Giving:
    """Gives a Service the address that it asks for, as MetalLB does."""

    def __init__(self, lab: Lab, by: str, *nodes: str) -> None:
        self.lab, self.apply = lab, lab.api.apply
        status = {"serviceNamespace": "default", "serviceName": services.NAME, "node": by}
        lab.api.objects[ANNOUNCED] = {"items": [{"status": status}]}
        lab.api.objects[PODS] = {"items": [pod(node) for node in nodes]}

    async def __call__(self, wanted: Any) -> None:
        await self.apply(wanted)
        if wanted["kind"] == "Service":
            address = wanted["metadata"]["annotations"]["metallb.io/loadBalancerIPs"]
            wanted["status"] = {"loadBalancer": {"ingress": [{"ip": address}]}}


def giving(lab: Lab, by: str, *nodes: str) -> None:
    lab.api.apply = Giving(lab, by, *nodes)  # type: ignore[method-assign]


async def test_the_last_worker_and_another_one(lab: Lab, fault: AnnouncerKilled) -> None:
    assert await fault.choose(lab.world()) == ON


def test_the_address_decides_who_announces(lab: Lab) -> None:
    for machine, other in (("w1", "w2"), ("w2", "w1")):
        address = announced_by(lab.world(), machine, other, ())
        first = min(("w1", "w2"), key=lambda m: hashlib.sha256(f"{m}#{address}".encode()).digest())
        assert first == machine
        assert announced_by(lab.world(), machine, other, [address]) != address


def test_a_pool_that_is_used_up_is_told(lab: Lab) -> None:
    used = [f"10.77.0.{last}" for last in range(230, 255)]
    with pytest.raises(AshoreError, match="no address is free"):
        announced_by(lab.world(), "w2", "w1", used)


async def test_the_page_is_served_on_both_and_announced_by_the_one(
    lab: Lab, fault: AnnouncerKilled
) -> None:
    giving(lab, "w2", "w1", "w2")
    await fault.prepare(lab.world(), ON)
    assert lab.api.objects[SERVICE]["spec"]["externalTrafficPolicy"] == "Local"


@pytest.mark.parametrize(
    ("by", "nodes", "said"),
    [("w1", ("w1", "w2"), "w1 announces it"), ("w2", ("w1",), "none runs on w2")],
)
async def test_a_page_that_is_not_there_proves_nothing(
    lab: Lab, fault: AnnouncerKilled, by: str, nodes: tuple[str, ...], said: str
) -> None:
    giving(lab, by, *nodes)
    with pytest.raises(AshoreError, match=f"no page to break: {said}"):
        await fault.prepare(lab.world(), ON)


@pytest.mark.parametrize(
    ("outage", "verdict"), [((0.0, 0.0), Verdict.PASS), ((0.2, 0.9), Verdict.FAIL)]
)
async def test_the_gap_of_the_page_is_measured(
    lab: Lab,
    fault: AnnouncerKilled,
    monkeypatch: pytest.MonkeyPatch,
    outage: tuple[float, float],
    verdict: Verdict,
) -> None:
    class Client:
        """Has seen the page every 20 ms but for the outage."""

        failure = ""

        @classmethod
        async def start(cls, argv: object, wish: Any, take: Callable[[Any], None]) -> "Client":
            assert wish["probes"][0]["address"].startswith("10.77.0.")
            began = time.monotonic()
            for tick in range(60):
                at = tick * 0.02
                out = "timed out" if outage[0] < at < outage[1] else ""
                take(["page", began + at, began + at, began + at + 0.001, out, ""])
            return cls()

        async def stop(self) -> None:
            await asyncio.sleep(0)

    monkeypatch.setattr(services, "Child", Client)
    monkeypatch.setattr(services, "_WATCHED", 1.1)
    monkeypatch.setattr(services, "PAGE", services.Bound("page", gap=0.5))
    giving(lab, "w2", "w1", "w2")
    await fault.prepare(lab.world(), ON)
    (check,) = await fault.witness(lab.world(), ON)
    assert check.verdict is verdict, check
    assert check.seconds is not None
    assert (check.seconds > 0.5) == (verdict is Verdict.FAIL)


async def test_nothing_of_the_page_stays(lab: Lab, fault: AnnouncerKilled) -> None:
    giving(lab, "w2", "w1", "w2")
    await fault.prepare(lab.world(), ON)
    await fault.inject(lab.world(), ON)
    left = await fault.left(lab.world(), ON)
    assert left[0] == "w2 is off"
    assert "the Service ashore-drill-page is there" in left
    await fault.undo(lab.world(), ON)
    del lab.api.objects[PODS]
    assert await fault.left(lab.world(), ON) == []
    assert lab.driver.done == ["off w2", "on w2"]
