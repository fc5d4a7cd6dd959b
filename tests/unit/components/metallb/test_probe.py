from typing import Any, cast

import pytest

from ashore.components.metallb.probe import Addresses, addresses, announcers
from ashore.components.metallb.render import ANNOUNCED, CONTROLLER, POOL_PATH, SPEAKERS
from ashore.components.metallb.steps import Announcing
from ashore.transport.https import RequestFailed
from ashore.transport.kubeapi import KubeApi


class Api:
    def __init__(self, objects: dict[str, Any] | None) -> None:
        self.objects = objects

    async def get(self, path: str) -> Any:
        if self.objects is None:
            raise RequestFailed("no answer", 0)
        return self.objects.get(path)


def api(ready: int = 2, available: int = 1, seen: int = 3) -> KubeApi:
    speakers = {"desiredNumberScheduled": 2, "numberReady": ready, "observedGeneration": seen}
    controller = {"metadata": {"name": "controller"}, "spec": {"replicas": 1}}
    objects = {
        CONTROLLER: {**controller, "status": {"availableReplicas": available}},
        SPEAKERS: {"metadata": {"generation": 3}, "status": speakers},
        POOL_PATH: {"status": {"assignedIPv4": 4}},
    }
    return cast("KubeApi", Api(objects))


async def test_all_is_well() -> None:
    assert await addresses(api()) == Addresses((), 4)
    assert await Announcing(api()).drift() == []


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (api(ready=1), "MetalLB: 1 of 2 speakers are ready"),
        (api(seen=2), "MetalLB: speakers are being placed"),
        (api(available=0), "MetalLB: 0 of 1 replicas of controller are available"),
        (cast("KubeApi", Api(None)), "no answer"),
    ],
)
async def test_what_is_missing_is_named(asked: KubeApi, wrong: str) -> None:
    assert await Announcing(asked).drift() == [wrong]


async def test_nothing_is_installed() -> None:
    found = await addresses(cast("KubeApi", Api({})))
    assert found.used == 0
    assert found.wrong == (
        "MetalLB: controller is not installed",
        "MetalLB: speaker is not installed",
    )


async def test_who_announces() -> None:
    def said(node: str, name: str) -> dict[str, Any]:
        return {"status": {"node": node, "serviceNamespace": "default", "serviceName": name}}

    items = [said("w2", "page"), said("w1", "other"), {}]
    asked = cast("KubeApi", Api({ANNOUNCED: {"items": items}}))
    assert await announcers(asked, "default", "page") == ["w2"]
    assert await announcers(cast("KubeApi", Api({})), "default", "page") == []
