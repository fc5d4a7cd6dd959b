"""Faults that look themselves at what happens: a worker's pod, the Redfish service."""

from typing import Any

import pytest

from ashore.drill import catalogue
from ashore.drill.fault import Witnessed
from ashore.drill.faults import bmc, pods
from ashore.drill.faults.bmc import ServiceKilled
from ashore.drill.faults.pods import Evicted
from ashore.drill.verdict import Verdict
from ashore.errors import AshoreError
from tests.unit.drill.fakes import Lab

ON = {"machine": "w2"}
BALANCERS = {"machine": "lb1", "other": "lb2"}
DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments/ashore-drill"
PODS = "/api/v1/namespaces/default/pods?labelSelector=app%3Dashore-drill"


def pod(node: str, *, ready: bool = True, deleted: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {
        "metadata": {"name": f"ashore-drill-{node}"},
        "spec": {"nodeName": node},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }
    if deleted:
        made["metadata"]["deletionTimestamp"] = "2026-11-26T00:00:00Z"
    return made


@pytest.fixture
def evicted(monkeypatch: pytest.MonkeyPatch) -> Evicted:
    for name in ("ELSEWHERE", "_PLACED", "_GONE"):
        monkeypatch.setattr(pods, name, 0.05)
    monkeypatch.setattr(pods, "_LOOK_EVERY", 0.001)
    found = catalogue.find("worker-killed")
    assert isinstance(found, Evicted)
    assert isinstance(found, Witnessed)
    return found


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> ServiceKilled:
    for name in ("_BACK", "_DEVICES", "_WATCHED", "_MENDS"):
        monkeypatch.setattr(bmc, name, 0.05)
    monkeypatch.setattr(bmc, "_LOOK_EVERY", 0.001)
    found = catalogue.find("redfish-killed")
    assert isinstance(found, ServiceKilled)
    assert isinstance(found, Witnessed)
    return found


async def test_the_pod_starts_on_the_machine_that_will_be_killed(
    lab: Lab, evicted: Evicted
) -> None:
    lab.api.objects[PODS] = {"items": [pod("w2")]}
    await evicted.prepare(lab.world(), ON)
    spec = lab.api.objects[DEPLOYMENT]["spec"]["template"]["spec"]
    assert '"w2"' in repr(spec["affinity"]).replace("'", '"')
    away = {t["key"]: t.get("tolerationSeconds") for t in spec["tolerations"]}
    assert away["node.kubernetes.io/unreachable"] == away["node.kubernetes.io/not-ready"] == 5


@pytest.mark.parametrize("items", [[], [pod("w1")], [pod("w2", ready=False)]])
async def test_a_pod_that_is_not_there_proves_nothing(
    lab: Lab, evicted: Evicted, items: list[Any]
) -> None:
    lab.api.objects[PODS] = {"items": items}
    with pytest.raises(AshoreError, match="no pod of the drill runs on w2"):
        await evicted.prepare(lab.world(), ON)


async def test_the_seconds_until_the_pod_runs_elsewhere_are_measured(
    lab: Lab, evicted: Evicted
) -> None:
    lab.api.objects[PODS] = {"items": [pod("w2", deleted=True), pod("w1")]}
    (check,) = await evicted.witness(lab.world(), ON)
    assert check.verdict is Verdict.PASS
    assert check.detail.startswith("on w1 after ")
    assert check.seconds is not None


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "no pod"),
        ([pod("w2", ready=False)], "ashore-drill-w2 on w2 is Running"),
        ([pod("w2"), pod("w1", ready=False)], "ashore-drill-w1 on w1"),
        ([pod("w2"), pod("w1", deleted=True)], "on w1 is Running, being deleted"),
    ],
)
async def test_a_pod_that_runs_nowhere_else_is_a_failure(
    lab: Lab, evicted: Evicted, items: list[Any], said: str
) -> None:
    lab.api.objects[PODS] = {"items": items}
    (check,) = await evicted.witness(lab.world(), ON)
    assert check.verdict is Verdict.FAIL
    assert said in check.detail


async def test_the_deployment_is_gone_afterwards_or_named(lab: Lab, evicted: Evicted) -> None:
    lab.api.objects[PODS] = {"items": [pod("w2")]}
    await evicted.prepare(lab.world(), ON)
    await evicted.inject(lab.world(), ON)
    left = await evicted.left(lab.world(), ON)
    assert left == [
        "w2 is off",
        "the deployment ashore-drill is there",
        "the pod ashore-drill-w2 on w2 is Running is there",
    ]
    for _ in range(2):
        await evicted.undo(lab.world(), ON)
    del lab.api.objects[PODS]
    assert await evicted.left(lab.world(), ON) == []
    assert lab.driver.done == ["off w2", "on w2"]


async def test_the_redfish_service_comes_back_and_nobody_is_fenced(
    lab: Lab, killed: ServiceKilled
) -> None:
    lab.machine.answer("cat *boot_id", "a")
    lab.machine.answer("stonith_admin *", returncode=1)
    lab.machine.answer("stonith_admin *")
    lab.bmc.wrong = [["it does not answer"]] * 2
    await killed.inject(lab.world(), BALANCERS)
    assert lab.bmc.kills == 1
    found = await killed.witness(lab.world(), BALANCERS)
    assert {check.verdict for check in found} == {Verdict.PASS}, found
    assert found[0].seconds is not None
    asked = [line for line in lab.machine.commands if line.startswith("stonith_admin")]
    assert {line.split()[2] for line in asked} == {"fence-lb1", "fence-lb2"}


async def test_what_stays_away_fails_is_a_failure_and_up_brings_it_back(
    lab: Lab, killed: ServiceKilled
) -> None:
    lab.machine.answer("cat *boot_id", "a")
    lab.machine.answer("stonith_admin *", stderr="No such device", returncode=1)
    lab.machine.answer("*")
    lab.bmc.wrong = [["it does not answer"]] * 10_000
    found = await killed.witness(lab.world(), BALANCERS)
    assert [check.verdict for check in found] == [*[Verdict.FAIL] * 3, Verdict.PASS]
    assert "No such device" in found[1].detail
    await killed.undo(lab.world(), BALANCERS)
    assert lab.mended == 1
    assert await killed.left(lab.world(), BALANCERS) == ["the Redfish service: it does not answer"]


async def test_a_load_balancer_that_booted_was_fenced(lab: Lab, killed: ServiceKilled) -> None:
    for boot in ("a", "b", "a", "c"):
        lab.machine.answer("cat *boot_id", boot)
    lab.machine.answer("stonith_admin *")
    found = await killed.witness(lab.world(), BALANCERS)
    assert found[-1].what == "no load balancer is fenced"
    assert found[-1].verdict is Verdict.FAIL


async def test_a_service_that_does_not_run_here_cannot_be_killed(
    lab: Lab, killed: ServiceKilled
) -> None:
    lab.bmc.pids = []
    with pytest.raises(AshoreError, match="does not run on this computer"):
        await killed.inject(lab.world(), BALANCERS)
