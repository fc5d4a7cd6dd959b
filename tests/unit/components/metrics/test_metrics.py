from pathlib import Path
from typing import Any, cast

import pytest

from ashore.components.metrics.probe import missing
from ashore.components.metrics.render import NAME, manifest
from ashore.pki.authority import Pair
from ashore.transport.kubeapi import KubeApi, object_path
from tests.unit.components.golden import check

MADE = manifest("registry.example/metrics-server:1", Pair(b"certificate\n", b"key\n"), b"ca\n")


def test_manifest() -> None:
    check(Path(__file__).parent, "manifest.yaml", MADE.text)
    assert object_path(MADE.objects()[-1]) == MADE.last


def test_nobody_is_trusted_unseen() -> None:
    (service,) = (o for o in MADE.objects() if o["kind"] == "APIService")
    assert service["spec"]["caBundle"]
    assert "insecure" not in MADE.text
    called = service["spec"]["service"]
    assert f"{called['name']}.{called['namespace']}.svc" == NAME


def condition(status: str) -> dict[str, Any]:
    said = {"type": "Available", "status": status, "message": "no endpoints"}
    return {"status": {"conditions": [said]}}


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (None, "the metrics API is not installed"),
        ({}, "the metrics API is not available yet"),
        (condition("False"), "the metrics API is not available: no endpoints"),
        (condition("True"), ""),
    ],
)
async def test_what_the_api_servers_say(found: Any, wrong: str) -> None:
    class Api:
        async def get(self, path: str) -> Any:
            return found

    assert await missing(cast("KubeApi", Api())) == wrong
