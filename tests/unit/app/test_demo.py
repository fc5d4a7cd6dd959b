"""`ashore demo` on a stack that answers from tables."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ashore.app import demo
from ashore.app.select import Chosen
from ashore.cli.main import run
from ashore.demo import render
from ashore.errors import AshoreError, ExitCode
from ashore.events import Event, Note, ignore
from ashore.image import ingredients
from ashore.state.paths import StackState
from ashore.transport.fake import RecordingTransport
from ashore.transport.kubeapi import object_path
from tests.unit.demo.conftest import lab as lab
from tests.unit.demo.fakes import ADDRESS, Lab
from tests.unit.drill.fakes import FakeApi


@pytest.mark.parametrize("verb", ["up", "status", "down"])
def test_a_stack_that_is_not_up_is_refused(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASHORE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert run(["demo", verb]) == ExitCode.UNHEALTHY
    assert "demo is not up" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


class Applying(FakeApi):
    """An object that is applied keeps what the cluster has made of it."""

    async def apply(self, wanted: Any) -> None:
        known = self.objects.get(object_path(wanted), {})
        merged = {**known.get("metadata", {}), **wanted["metadata"]}
        self.objects[object_path(wanted)] = {**wanted, **known, "metadata": merged}

    async def delete(self, path: str) -> None:
        self.objects = {
            k: v for k, v in self.objects.items() if path.removeprefix("/api/v1") not in k
        }


@pytest.fixture
def chosen(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chosen:
    """A stack that is up, on which everything but the objects is there."""
    lab.all_well()
    lab.machine.answer("curl *")
    lab.api = Applying(lab.api.objects | {"/api/v1/persistentvolumes": {"items": []}})
    ingredients.planned(render.PACKAGES, lab.cache).mkdir(parents=True)
    state = StackState(tmp_path / "state" / "demo")
    state.make()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    session = SimpleNamespace(context=SimpleNamespace(emit=ignore))
    monkeypatch.setattr(demo, "open_session", lambda *_: session)
    monkeypatch.setattr(demo, "_site", lambda *_: lab.site())
    return Chosen(lab.site().stack, "test", "", state, lab.cache)


async def test_up_applies_what_differs_and_tells_where_to_look(chosen: Chosen, lab: Lab) -> None:
    found = await demo.up(chosen, ignore, ask=False)
    assert found["url"] == "http://guestbook.demo.demo.internal/"
    assert [s["title"] for s in found["steps"] if s["changed"]] == ["apply the objects"]
    assert chosen.state.demo.read_text() == found["address"] == ADDRESS
    again = await demo.up(chosen, ignore, ask=False)
    assert not any(step["changed"] for step in again["steps"])


async def test_status_tells_every_link(chosen: Chosen, lab: Lab) -> None:
    await demo.up(chosen, ignore, ask=False)
    found = await demo.status(chosen)
    assert found["healthy"]
    assert {link["mend"] for link in found["links"]} == {""}
    lab.page.status["GET /healthz"] = 500
    found = await demo.status(chosen)
    assert not found["healthy"]
    assert [link["name"] for link in found["links"] if link["mend"]] == ["service"]


async def test_down_leaves_the_image_and_says_so(chosen: Chosen, lab: Lab) -> None:
    await demo.up(chosen, ignore, ask=False)
    events: list[Event] = []
    await demo.down(chosen, events.append)
    assert not chosen.state.demo.exists()
    assert not [path for path in lab.api.objects if "/namespaces/demo" in path]
    assert isinstance(events[-1], Note)
    assert lab.site().names.image in events[-1].line
    with pytest.raises(AshoreError, match="the demo is not up on demo"):
        await demo.status(chosen)


async def test_a_stack_without_docker_is_left_alone(chosen: Chosen, lab: Lab) -> None:
    lab.machine = RecordingTransport()
    lab.machine.answer("docker version *", stderr="not found", returncode=127)
    with pytest.raises(AshoreError, match="no worker of demo has a Docker Engine") as raised:
        await demo.up(chosen, ignore, ask=False)
    assert raised.value.exit_code is ExitCode.USAGE
    assert not chosen.state.demo.exists()
