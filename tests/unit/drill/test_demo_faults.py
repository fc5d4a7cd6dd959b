"""The demo's drills: refused without it, and what they look at."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ashore.demo import render
from ashore.drill import catalogue, engine
from ashore.drill.fault import Particular, Witnessed, World
from ashore.drill.faults import demo
from ashore.drill.faults.demo import LeaderKilled, RegistryKilled
from ashore.drill.verdict import Verdict
from ashore.errors import AshoreError, ExitCode
from tests.unit.demo.fakes import ADDRESS, Page, healthy, pod
from tests.unit.drill.fakes import Lab

LEADER = {"machine": "w2", "pod": "guestbook-db-1"}
REGISTRY = {"machine": "gw", "other": "w2"}
EVENTS = "/api/v1/namespaces/demo/events?fieldSelector=involvedObject.name%3Dashore-drill"


@pytest.fixture
def up(lab: Lab) -> World:
    lab.api.objects |= healthy()
    return replace(lab.world(), demo=ADDRESS)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    made = Page()
    monkeypatch.setattr(demo, "ask", made.ask)
    return made


@pytest.fixture
def killed() -> LeaderKilled:
    found = catalogue.find("database-leader-killed")
    assert isinstance(found, LeaderKilled)
    assert isinstance(found, Witnessed)
    return found


@pytest.fixture
def pulling(monkeypatch: pytest.MonkeyPatch) -> RegistryKilled:
    for name in ("_PULLS", "_PULLED", "_GONE"):
        monkeypatch.setattr(demo, name, 0.05)
    monkeypatch.setattr(demo, "_LOOK_EVERY", 0.001)
    found = catalogue.find("registry-killed")
    assert isinstance(found, RegistryKilled)
    assert isinstance(found, Witnessed)
    return found


@pytest.mark.parametrize("name", ["database-leader-killed", "registry-killed"])
def test_without_the_demo_it_is_refused(lab: Lab, name: str) -> None:
    fault = catalogue.find(name)
    assert isinstance(fault, Particular)
    with pytest.raises(AshoreError, match="the demo is not up: `ashore demo up` first") as raised:
        engine.require(fault, lab.world())
    assert raised.value.exit_code is ExitCode.USAGE
    engine.require(fault, replace(lab.world(), demo=ADDRESS))


async def test_the_leader_is_found_and_its_processes_killed(
    lab: Lab, up: World, killed: LeaderKilled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_STEADY", 0.0)
    assert await killed.choose(up) == LEADER
    lab.machine.answer("ctr *")
    await killed.inject(up, LEADER)
    (line,) = lab.machine.commands
    assert line.endswith("tasks kill --all --signal SIGKILL id-of-guestbook-db-1")


async def test_a_database_without_a_leader_is_not_broken_further(
    lab: Lab, up: World, killed: LeaderKilled
) -> None:
    lab.api.objects[render.PODS]["items"].pop()
    with pytest.raises(AshoreError, match="no database leads"):
        await killed.choose(up)


def signing(entries: list[str], page: Page) -> Callable[..., Any]:
    """Stands for the client: it was acknowledged these entries."""

    class Client:
        failure = ""

        @classmethod
        async def start(cls, argv: Any, wish: Any, take: Callable[[Any], None]) -> "Client":
            (probe,) = wish["probes"]
            assert (probe["kind"], probe["address"]) == ("entry", ADDRESS)
            now = demo.time.monotonic()
            for n, text in enumerate(entries):
                at = now + n * 0.05
                take(["entries", at, at, at + 0.001, "", text])
                page.entries.insert(0, {"id": n, "text": text, "token": demo.TOKEN})
            return cls()

        async def stop(self) -> None: ...

    return Client  # type: ignore


async def test_what_was_acknowledged_is_held_against_what_is_there(
    lab: Lab, up: World, killed: LeaderKilled, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_WATCHED", 1.5)
    monkeypatch.setattr(demo, "_STEADY", 0.1)
    monkeypatch.setattr(demo, "Child", signing([f"n{n}" for n in range(1, 31)], page))
    items = lab.api.objects[render.PODS]["items"]
    items[2]["metadata"]["labels"]["role"] = "primary"
    items[3]["metadata"]["labels"]["role"] = "replica"
    found = await killed.witness(up, LEADER)
    assert {check.verdict for check in found} == {Verdict.PASS}, found
    assert found[0].seconds is not None
    await killed.undo(up, LEADER)
    assert not page.entries
    assert await killed.left(up, LEADER) == []


async def test_an_entry_that_is_lost_is_a_failure(
    up: World, killed: LeaderKilled, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_WATCHED", 0.2)
    monkeypatch.setattr(demo, "Child", signing(["n1", "n2"], Page()))
    page.entries = [{"id": 1, "text": "n1", "token": demo.TOKEN}]
    *_, leads, kept = await killed.witness(up, LEADER)
    assert (leads.verdict, leads.detail) == (
        Verdict.FAIL,
        "guestbook-db-1 leads, guestbook-db-1 did",
    )
    assert (kept.verdict, kept.detail) == (Verdict.FAIL, "1 of 2 are missing: n2")


async def test_a_guestbook_that_stays_away_does_not_block_the_stack(
    lab: Lab, up: World, killed: LeaderKilled, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_WHOLE", 0.01)
    page.entries = [{"id": 1, "text": "n1", "token": demo.TOKEN}]
    lab.api.objects[render.PODS]["items"].pop()
    await killed.undo(up, LEADER)
    assert await killed.left(up, LEADER) == [
        "no database leads",
        "entries of the drill are there",
    ]
    await killed.undo(replace(up, demo=""), LEADER)


async def test_a_guestbook_that_does_not_answer_is_no_proof(
    up: World, killed: LeaderKilled, page: Page
) -> None:
    page.status["DELETE /entries"] = 503
    with pytest.raises(AshoreError, match="the guestbook answers 503"):
        await killed.prepare(up, LEADER)


async def test_a_pod_pulls_what_no_machine_has_while_the_registry_dies(
    lab: Lab, up: World, pulling: RegistryKilled
) -> None:
    assert await pulling.choose(up) == REGISTRY
    lab.machine.answer("*")
    await pulling.prepare(up, REGISTRY)
    build, push = lab.machine.commands[-2:]
    assert "registry.demo.internal/demo/drill:latest" in build
    assert push.startswith("docker push")
    lab.api.objects[EVENTS] = {"items": [{"reason": "Pulling"}]}
    await pulling.inject(up, REGISTRY)
    assert re.search(r"kill --signal=KILL docker-registry.*sleep", lab.machine.commands[-1])
    made = json.dumps([*lab.api.objects.values()])
    assert '"imagePullPolicy": "Always"' in made


async def test_a_registry_is_not_killed_before_it_is_asked(
    lab: Lab, up: World, pulling: RegistryKilled
) -> None:
    lab.api.objects[EVENTS] = {"items": [{"reason": "Scheduled"}]}
    with pytest.raises(AshoreError, match="w2 pulls the image; last seen: events: Scheduled"):
        await pulling.inject(up, REGISTRY)
    assert not lab.machine.commands


async def test_the_seconds_until_the_pod_runs_are_measured(
    lab: Lab, up: World, pulling: RegistryKilled
) -> None:
    lab.api.objects[EVENTS] = {"items": [{"reason": "Pulling"}, {"reason": "Failed"}]}
    (check,) = await pulling.witness(up, REGISTRY)
    assert (check.verdict, check.detail) == (Verdict.FAIL, "no pod")
    lab.api.objects[render.PODS]["items"].append(pod("ashore-drill", "", "w2"))
    (check,) = await pulling.witness(up, REGISTRY)
    assert check.verdict is Verdict.PASS
    assert "1 failures told" in check.detail


async def test_the_registry_runs_and_the_pod_is_gone_afterwards(
    lab: Lab, up: World, pulling: RegistryKilled
) -> None:
    lab.machine.answer("*")
    await up.api.apply(demo.pod(up, "w2"))
    assert await pulling.left(up, REGISTRY) == ["the pod ashore-drill is there"]
    for _ in range(2):
        await pulling.undo(up, REGISTRY)
    assert lab.machine.commands[-1].endswith("'systemctl start docker-registry.service'")
    assert await pulling.left(up, REGISTRY) == []
