from typing import Any, cast

from ashore.components.coredns.steps import Available
from ashore.transport.kubeapi import KubeApi


class Api:
    """Answers with the replicas of a list, one a question; the last one goes on."""

    def __init__(self, *available: int) -> None:
        self.left = [*available]

    async def get(self, path: str) -> Any:
        seen = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return {"spec": {"replicas": 2}, "status": {"availableReplicas": seen}}


async def test_one_look_is_not_enough() -> None:
    api = Api(2, 1, 2)
    await Available(cast("KubeApi", api)).apply()
    assert api.left == [2]


async def test_what_is_missing_is_named() -> None:
    assert await Available(cast("KubeApi", Api(1))).drift() == ["1 of 2 replicas are available"]
