from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from ashore.components.volumes.probe import StorageClass, Volume, acting, classes, volumes
from ashore.transport.base import MachineDown
from ashore.transport.kubeapi import KubeApi
from tests.unit.components.fakes import FakeTransport
from tests.unit.components.kubeadm.stack import demo

from .fakes import BASE, GI, volume

DEFAULT = "storageclass.kubernetes.io/is-default-class"


class Api:
    """Answers every question with the same thing."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def get(self, path: str) -> Any:
        return self.answer


def api(answer: Any) -> KubeApi:
    return cast("KubeApi", Api(answer))


async def test_classes() -> None:
    items = [
        {
            "metadata": {"name": "shared", "annotations": {DEFAULT: "true"}},
            "provisioner": "ashore.internal/shared",
        },
        {"metadata": {"name": "local"}, "provisioner": "rancher.io/local-path"},
    ]
    found = await classes(api({"items": items}))
    assert found == (StorageClass("shared", True, True), StorageClass("local", False, False))


async def test_who_acts_is_who_renewed_a_moment_ago() -> None:
    def lease(age: float) -> KubeApi:
        renewed = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
        return api({"spec": {"holderIdentity": "st2", "renewTime": renewed}})

    assert await acting(lease(2)) == "st2"
    assert await acting(lease(120)) is None
    assert await acting(api({"metadata": {}})) is None
    assert await acting(api(None)) is None


def df(argv: Sequence[str]) -> tuple[int, str]:
    """The first volume has its limit, the second one none, the third is not there."""
    lines = [
        f"{GI} 4096 {GI} {BASE}/pvc-uid-one",
        f"{90 * GI} 4096 {GI} {BASE}/pvc-uid-two",
    ]
    return 1, "\n".join(["1B-blocks Used Avail File", *lines])


async def test_a_volume_has_its_limit_if_df_says_so() -> None:
    items = [volume(name) for name in ("two", "three", "one")]
    items.append(volume("gone", phase="Released"))
    found = await volumes(api({"items": items}), lambda _: FakeTransport(df), demo())
    assert found == [
        Volume("pvc-uid-one", "default/one", GI, 4096, True),
        Volume("pvc-uid-three", "default/three", GI, None, None),
        Volume("pvc-uid-two", "default/two", GI, 4096, False),
    ]


class Down(FakeTransport):
    async def run(self, argv: Sequence[str], **_: Any) -> Any:
        raise MachineDown("st1", "is off")


async def test_another_storage_machine_is_asked_if_one_is_down() -> None:
    machines = {"st1": Down(df), "st2": FakeTransport(df), "st3": Down(df)}
    found = await volumes(api({"items": [volume("one")]}), machines.__getitem__, demo())
    assert found[0].limited is True
    assert (await volumes(api({"items": [volume("one")]}), lambda _: Down(df), demo()))[
        0
    ].limited is None


async def test_no_storage_no_volumes() -> None:
    assert await volumes(api({"items": [volume("one")]}), lambda _: Down(df), demo(storage=0)) == []
