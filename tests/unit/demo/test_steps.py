"""The steps of `demo up`: what each asks, and what it does."""

from typing import Any

import pytest

from ashore.demo import docker, look, render
from ashore.demo.docker import Engine
from ashore.demo.steps import steps
from ashore.errors import AshoreError, ExitCode
from ashore.image import ingredients
from ashore.plan.graph import Graph
from ashore.plan.step import Step
from ashore.transport.base import MachineDown
from tests.unit.demo.fakes import Lab, pod, rolled


def made(lab: Lab) -> dict[str, Step]:
    site = lab.site()
    return {step.key: step for step in steps(site, Engine(site.connect, "w1"))}


def test_the_steps_are_a_graph_in_the_order_of_the_chain(lab: Lab) -> None:
    order = [*Graph.of(made(lab).values()).steps]
    assert order[:4] == ["demo/ingredients", "demo/build", "demo/push", "demo/objects"]
    assert order[-1] == "demo/page"


async def test_what_is_built_pushed_and_served_is_left_alone(lab: Lab) -> None:
    lab.all_well()
    found = made(lab)
    del found["demo/objects"]  # `Manifest` has tests of its own
    for key, step in found.items():
        assert await step.drift() == [], key
    assert not any("build" in line or "push" in line for line in lab.machine.commands)


async def test_the_context_goes_to_docker_by_its_input(lab: Lab) -> None:
    place = ingredients.planned(render.PACKAGES, lab.cache)
    (place / ingredients.PACKAGES).mkdir(parents=True)
    (place / ingredients.ROOT).write_bytes(b"root")
    lab.machine.answer("docker build *")
    await made(lab)["demo/build"].apply()
    (line,), (archive,) = lab.machine.commands, lab.machine.inputs
    assert line.endswith(f"--tag {lab.site().names.image} -")
    assert "--network none" in line
    assert archive == render.context(place)


async def test_an_image_that_docker_has_needs_no_ingredients(lab: Lab) -> None:
    lab.machine.answer("docker image inspect *", "sha256:1")
    assert await made(lab)["demo/ingredients"].drift() == []


async def test_an_image_that_is_missing_is_told(lab: Lab) -> None:
    lab.machine.answer("docker image inspect *", returncode=1)
    lab.machine.answer("docker manifest inspect *", stderr="no such manifest", returncode=1)
    found = made(lab)
    assert await found["demo/ingredients"].drift() == ["they are not in the cache"]
    assert "is not built" in (await found["demo/build"].drift())[0]
    assert await found["demo/push"].drift() == ["not in the registry: no such manifest"]


async def test_the_first_worker_whose_docker_answers_builds(lab: Lab) -> None:
    lab.machine.fail("docker version *", MachineDown("w1", "off"))
    lab.machine.answer("docker version *", "26.1.5")
    site = lab.site()
    assert (await docker.engine(site.connect, site.stack)).worker == "w2"


async def test_without_docker_or_registry_it_is_a_usage_error(lab: Lab) -> None:
    site = lab.site()
    lab.machine.answer("docker version *", stderr="env: 'docker': No such file", returncode=127)
    with pytest.raises(AshoreError, match="no worker of demo has a Docker Engine") as raised:
        await docker.engine(site.connect, site.stack)
    assert raised.value.exit_code is ExitCode.USAGE
    assert raised.value.message.count("No such file") == 2
    lab.machine.answer("curl *", stderr="curl: (6) Could not resolve host", returncode=6)
    with pytest.raises(AshoreError, match=r"no registry answers at registry\.demo") as raised:
        await docker.require_registry(Engine(site.connect, "w1"), site.names.registry)
    assert raised.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"updatedReplicas": 1}, "1 of 2 pods of guestbook are available"),
        ({"availableReplicas": 0}, "0 of 2 pods of guestbook are available"),
        ({"observedGeneration": 2}, "guestbook has just been changed"),
    ],
)
async def test_a_roll_out_that_is_not_done(lab: Lab, status: Any, said: str) -> None:
    lab.api.objects[render.DEPLOYMENT] = rolled(**status)
    assert await look.rolled_out(lab.site().api, render.DEPLOYMENT) == said


async def test_a_pod_that_waits_is_in_what_is_missing(lab: Lab) -> None:
    lab.api.objects[render.DEPLOYMENT] = rolled(availableReplicas=1)
    unplaced = pod("guestbook-c", "guestbook", "", ready=False)
    unplaced["status"] = {
        "conditions": [{"type": "PodScheduled", "status": "False", "message": "no room"}]
    }
    lab.api.objects[render.PODS]["items"].append(unplaced)
    said = await look.rolled_out(lab.site().api, render.DEPLOYMENT)
    assert said.endswith("; guestbook-c: no room")


async def test_two_leaders_are_none(lab: Lab) -> None:
    lab.api.objects[render.PODS]["items"][2]["metadata"]["labels"]["role"] = "primary"
    assert await look.leader(lab.site().api) == "guestbook-db-0 and guestbook-db-1 leads"


async def test_what_is_left_of_the_demo(lab: Lab) -> None:
    api = lab.site().api
    path = f"/api/v1/namespaces/{render.NAMESPACE}"
    volume = {"metadata": {"name": "pvc-1"}, "spec": {"claimRef": {"namespace": "demo"}}}
    other = {"metadata": {"name": "pvc-2"}, "spec": {}}
    lab.api.objects[path] = {"status": {"phase": "Terminating"}}
    lab.api.objects["/api/v1/persistentvolumes"] = {"items": [volume, other]}
    assert await look.namespace_left(api) == "namespace demo is Terminating"
    del lab.api.objects[path]
    assert await look.namespace_left(api) == "volumes are left: pvc-1"
    lab.api.objects["/api/v1/persistentvolumes"] = {"items": [other]}
    assert await look.namespace_left(api) == ""
