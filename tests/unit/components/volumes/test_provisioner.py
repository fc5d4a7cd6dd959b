import asyncio
from typing import Any, cast

import pytest

from ashore.components.volumes.agent.disk import Disk, DiskError, Space
from ashore.components.volumes.agent.events import Events
from ashore.components.volumes.agent.kube import Kube, Reply
from ashore.components.volumes.agent.provisioner import Provisioner

from .fakes import BASE, GI, MOUNT, FakeDisk, FakeKube, claim, volume

PATH = f"{BASE}/pvc-uid-data"
VOLUMES = "/api/v1/persistentvolumes"


async def one_pass(kube: FakeKube, disk: FakeDisk) -> None:
    events = Events(cast("Kube", kube), "st1")
    provisioner = Provisioner(cast("Kube", kube), cast("Disk", disk), events)
    await provisioner.one_pass()
    await asyncio.gather(*provisioner.removing.values())


def bound(size: str, shown: str, **changes: Any) -> dict[str, Any]:
    status = {"phase": "Bound", "capacity": {"storage": shown}}
    return claim(size=size, volumeName="pvc-uid-data", status=status, **changes)


async def test_the_limit_is_there_before_the_volume() -> None:
    kube, disk = FakeKube([claim()]), FakeDisk()
    seen: list[int] = []
    kube.call = _noting(kube.call, lambda: seen.append(len(disk.calls)))
    await one_pass(kube, disk)
    assert disk.calls == [("make", PATH), ("limit", PATH, GI)]
    assert seen[0] == 2
    ((path, body),) = kube.changes("POST")
    assert path == VOLUMES
    assert body["spec"]["capacity"] == {"storage": "1Gi"}
    assert body["spec"]["claimRef"]["uid"] == "uid-data"
    assert body["spec"]["local"] == {"path": PATH}
    assert [reason for reason, _ in kube.events] == ["ProvisioningSucceeded"]


def _noting(call: Any, note: Any) -> Any:
    async def noted(*arguments: Any) -> Reply:
        note()
        return await call(*arguments)

    return noted


async def test_a_claim_that_has_its_volume_is_left_alone() -> None:
    kube = FakeKube([claim()], [volume()])
    disk = FakeDisk(spaces={PATH: Space(GI, 0, GI)})
    await one_pass(kube, disk)
    assert (kube.calls, disk.calls) == ([], [])


async def test_claims_of_others_are_left_alone() -> None:
    other = claim()
    other["metadata"]["annotations"] = {"volume.kubernetes.io/storage-provisioner": "rancher.io/x"}
    kube, disk = FakeKube([other]), FakeDisk()
    await one_pass(kube, disk)
    assert (kube.calls, disk.calls) == ([], [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"volumeMode": "Block"}, "volumeMode Filesystem"),
        ({"selector": {"matchLabels": {"a": "b"}}}, "selector"),
        ({"dataSource": {"kind": "VolumeSnapshot", "name": "s"}}, "leave out dataSource"),
        ({"size": "60Gi"}, "no room for 60Gi: the shared storage has 50Gi"),
    ],
)
async def test_what_cannot_be_served_is_refused_on_the_claim(
    changes: dict[str, Any], says: str
) -> None:
    kube, disk = FakeKube([claim(**changes)]), FakeDisk()
    await one_pass(kube, disk)
    assert (kube.changes("POST"), disk.calls) == ([], [])
    ((reason, message),) = kube.events
    assert reason == "ProvisioningFailed"
    assert says in message


async def test_what_is_promised_counts_as_taken_and_the_older_claim_comes_first() -> None:
    """50Gi are free; 20 of them are promised, 5 of these used already."""
    old = claim("old", "30Gi", created="2026-01-01T00:00:00Z")
    new = claim("new", "30Gi", created="2026-01-02T00:00:00Z")
    kube = FakeKube([new, old], [volume(size="20Gi")])
    disk = FakeDisk(spaces={PATH: Space(20 * GI, 5 * GI, 15 * GI)})
    await one_pass(kube, disk)
    assert [body["metadata"]["name"] for _, body in kube.changes("POST")] == ["pvc-uid-old"]
    assert "has 5Gi" in kube.events[-1][1]


async def test_a_larger_request_grows_limit_volume_and_claim() -> None:
    kube = FakeKube([bound("2Gi", "1Gi")], [volume()])
    disk = FakeDisk(spaces={PATH: Space(GI, 0, GI)})
    await one_pass(kube, disk)
    assert disk.calls == [("limit", PATH, 2 * GI)]
    size = {"capacity": {"storage": "2Gi"}}
    assert kube.changes("PATCH") == [
        (f"{VOLUMES}/pvc-uid-data", {"spec": size}),
        ("/api/v1/namespaces/default/persistentvolumeclaims/data/status", {"status": size}),
    ]


async def test_growth_that_broke_off_after_the_volume_is_finished() -> None:
    kube = FakeKube([bound("2Gi", "1Gi")], [volume(size="2Gi")])
    await one_pass(kube, FakeDisk(spaces={PATH: Space(2 * GI, 0, 2 * GI)}))
    ((path, _),) = kube.changes("PATCH")
    assert path.endswith("/data/status")


async def test_growth_beyond_what_is_free_changes_nothing() -> None:
    kube = FakeKube([bound("90Gi", "1Gi")], [volume()])
    disk = FakeDisk(spaces={PATH: Space(GI, 0, GI)})
    await one_pass(kube, disk)
    assert (disk.calls, kube.changes("PATCH")) == ([], [])
    assert kube.events == [
        (
            "VolumeResizeFailed",
            "no room for 89Gi: the shared storage has 49Gi "
            "that is neither used nor promised to another volume",
        )
    ]


async def test_a_limit_that_went_missing_is_set_again() -> None:
    disk = FakeDisk(spaces={PATH: Space(100 * GI, 0, 50 * GI)})
    await one_pass(FakeKube([bound("1Gi", "1Gi")], [volume()]), disk)
    assert disk.calls == [("limit", PATH, GI)]


async def test_a_volume_whose_claim_is_gone_is_removed_with_its_data() -> None:
    kube = FakeKube([], [volume(phase="Released")])
    disk = FakeDisk(spaces={PATH: Space(GI, 0, GI)})
    await one_pass(kube, disk)
    assert disk.calls == [("unlimit", PATH), ("remove", PATH)]
    assert kube.changes("DELETE") == [(f"{VOLUMES}/pvc-uid-data", None)]


@pytest.mark.parametrize(
    "kept",
    [
        volume(phase="Released", policy="Retain"),
        volume(phase="Released", by="somebody.else"),
        volume(phase="Released", path="/srv/shared/volumes/pvc-uid-other"),
        volume(phase="Released", path="/etc"),
    ],
)
async def test_nothing_else_is_removed(kept: dict[str, Any]) -> None:
    kube, disk = FakeKube([], [kept]), FakeDisk(spaces={PATH: Space(GI, 0, GI)})
    await one_pass(kube, disk)
    assert (disk.calls, kube.changes("DELETE")) == ([], [])


async def test_a_failing_quota_command_is_told_on_the_claim_and_makes_no_volume() -> None:
    kube, disk = FakeKube([claim()]), FakeDisk()
    disk.fails = "gluster: quota command failed"
    await one_pass(kube, disk)
    assert kube.changes("POST") == []
    assert kube.events == [("ProvisioningFailed", "gluster: quota command failed")]


async def test_what_the_api_refuses_is_told_on_the_claim() -> None:
    kube = FakeKube([claim()])
    kube.answers["POST"] = Reply(403, {"message": "not allowed"})
    await one_pass(kube, FakeDisk())
    assert kube.events == [("ProvisioningFailed", "403: not allowed")]


async def test_a_mount_that_does_not_answer_stops_the_pass() -> None:
    disk = FakeDisk()
    del disk.all[MOUNT]
    kube = FakeKube([claim()])
    with pytest.raises(DiskError, match="does not answer"):
        await one_pass(kube, disk)
    assert kube.calls == []


async def test_the_same_event_is_counted_not_repeated() -> None:
    kube = FakeKube([claim(size="60Gi")])
    events = Events(cast("Kube", kube), "st1")
    provisioner = Provisioner(cast("Kube", kube), cast("Disk", FakeDisk()), events)
    await provisioner.one_pass()
    kube.answers["POST"] = Reply(409, {"message": "exists"})
    await provisioner.one_pass()
    method, path, body = kube.calls[-1]
    assert (method, body["count"]) == ("PATCH", 2)
    assert path == f"{kube.calls[0][1]}/{kube.calls[0][2]['metadata']['name']}"
