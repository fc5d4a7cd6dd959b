from typing import Any

import pytest

from ashore.components.coredns.render import manifest as coredns
from ashore.components.flannel.render import manifest as flannel
from ashore.components.manifest import Manifest
from ashore.transport.kubeapi import KubeApi, object_path
from tests.unit.components.kubeadm.stack import demo


class RememberingApi(KubeApi):
    """Keeps what was applied."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}

    async def get(self, path: str) -> Any:
        return self.objects.get(path)

    async def apply(self, wanted: Any) -> None:
        self.objects[object_path(wanted)] = wanted


@pytest.mark.parametrize("of", [flannel, coredns])
async def test_what_was_applied_is_recognised(of: Any) -> None:
    api = RememberingApi()
    manifest: Manifest = of(demo(), "registry.example/image:1")
    assert await manifest.drift(api) != []
    await manifest.apply(api)
    assert await manifest.drift(api) == []


@pytest.mark.parametrize("of", [flannel, coredns])
async def test_another_image_is_a_difference(of: Any) -> None:
    api = RememberingApi()
    await of(demo(), "registry.example/image:1").apply(api)
    assert await of(demo(), "registry.example/image:2").drift(api) != []


@pytest.mark.parametrize("of", [flannel, coredns])
def test_the_object_that_tells_is_the_last_one(of: Any) -> None:
    manifest: Manifest = of(demo(), "registry.example/image:1")
    assert object_path(manifest.objects()[-1]) == manifest.last
