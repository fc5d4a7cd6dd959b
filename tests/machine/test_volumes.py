"""Volumes for pods: shared by two nodes, of the size that was asked for, grown, deleted."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.machine.conftest import Ashore, eventually
from tests.machine.objects import apply, claim, pause_image, pod

MIB = 1 << 20
_WAIT = ("/usr/bin/sleep", "100000")


@pytest.fixture(scope="module")
def shared(stack: Ashore) -> Iterator[Ashore]:
    """One claim of 64 MiB of the default class, used by a pod on each worker."""
    image = pause_image(stack)
    pods = [pod(f"user{n}", f"w{n}", image, *_WAIT, claim="data") for n in (1, 2)]
    apply(stack, claim("data", "64Mi"), *pods)
    try:
        stack.kubectl("wait", "--for=condition=Ready", "--timeout=100s", "pod/user1", "pod/user2")
        yield stack
    finally:
        stack.kubectl("delete", "pod/user1", "pod/user2", "--ignore-not-found", code=None)
        stack.kubectl("delete", "pvc/data", "--ignore-not-found", code=None)


def _sh(stack: Ashore, name: str, command: str, code: int | None = 0) -> str:
    return stack.kubectl("exec", name, "--", "/bin/sh", "-c", command, code=code)


def _size(stack: Ashore, name: str) -> int:
    """What df in a pod calls the size of /data, in bytes."""
    return int(_sh(stack, name, "df -B1 --output=size /data").split()[-1])


def _get(stack: Ashore, *what: str) -> Any:
    return json.loads(stack.kubectl("get", *what, "-o", "json"))


def _events(stack: Ashore, name: str) -> list[str]:
    events = _get(stack, "events", f"--field-selector=involvedObject.name={name}")
    return [f"{e['reason']}: {e['message']}" for e in events["items"]]


def _refused(stack: Ashore, wanted: dict[str, Any], says: str, *beside: dict[str, Any]) -> None:
    """Ask for a claim; it stays pending, and an event on it says why."""
    name = wanted["metadata"]["name"]
    apply(stack, wanted, *beside)
    try:
        eventually(
            f"an event of {name} says {says!r}",
            lambda: [e for e in _events(stack, name) if re.search(says, e)],
        )
        assert _get(stack, "pvc", name)["status"]["phase"] == "Pending"
    finally:
        for each in (*beside, wanted):
            stack.kubectl("delete", each["kind"], each["metadata"]["name"], code=None)


def test_both_pods_see_the_same_files(shared: Ashore) -> None:
    assert _get(shared, "pvc", "data")["spec"]["storageClassName"] == "shared"
    _sh(shared, "user1", "echo from user1 >/data/file && sync /data/file")
    assert _sh(shared, "user2", "cat /data/file") == "from user1\n"


def test_df_shows_the_size_of_the_claim(shared: Ashore) -> None:
    assert {_size(shared, name) for name in ("user1", "user2")} == {64 * MIB}


def test_a_writer_is_stopped_at_the_size(shared: Ashore) -> None:
    writer = "dd if=/dev/zero of=/data/fill bs=1M count=200 oflag=direct 2>&1"
    said = _sh(shared, "user1", writer, code=None)
    held = int(_sh(shared, "user2", "stat -c %s /data/fill || echo 0"))
    _sh(shared, "user2", "rm -f /data/fill")
    assert "quota exceeded" in said.lower()
    # What was on its way when the limit was reached may still arrive.
    assert 32 * MIB < held <= 68 * MIB


def test_the_status_shows_its_use_and_its_limit(shared: Ashore) -> None:
    volumes = shared.healthy()["volumes"]
    assert {c["name"]: c["default"] for c in volumes["classes"]} == {
        "local": False,
        "shared": True,
    }
    (volume,) = [v for v in volumes["shared"] if v["claim"] == "default/data"]
    assert (volume["size"], volume["limited"]) == (64 * MIB, True)
    assert volumes["provisioner"] in ("st1", "st2", "st3")


def test_a_larger_request_grows_it_under_the_pods(shared: Ashore) -> None:
    change = {"spec": {"resources": {"requests": {"storage": "96Mi"}}}}
    shared.kubectl("patch", "pvc", "data", "-p", json.dumps(change))
    eventually("df shows it", lambda: _size(shared, "user2") == 96 * MIB)

    def shown() -> bool:
        return _get(shared, "pvc", "data")["status"]["capacity"]["storage"] == "96Mi"

    eventually("the claim shows it", shown)


def test_what_is_larger_than_free_is_refused_on_the_claim(shared: Ashore) -> None:
    _refused(shared, claim("huge", "900Ti"), r"ProvisioningFailed: no room for 900Ti")


def test_a_local_claim_for_many_nodes_is_refused_on_the_claim(shared: Ashore) -> None:
    user = pod("user3", "w1", pause_image(shared), *_WAIT, claim="many")
    many = claim("many", "1Mi", storage_class="local")
    _refused(shared, many, "only supports ReadWriteOnce", user)


def test_a_local_volume(shared: Ashore) -> None:
    once = claim("own", "1Mi", mode="ReadWriteOnce", storage_class="local")
    user = pod("user4", "w1", pause_image(shared), *_WAIT, claim="own")
    apply(shared, once, user)
    try:
        shared.kubectl("wait", "--for=condition=Ready", "--timeout=100s", "pod/user4")
        _sh(shared, "user4", "echo here >/data/file")
        found = shared.exec("w1", "sh", "-c", "cat /var/lib/ashore-volumes/*/file")
        assert found == "here\n"
    finally:
        shared.kubectl("delete", "pod/user4", "pvc/own", code=None)
    gone = ("sh", "-c", "ls /var/lib/ashore-volumes")
    eventually("its directory is gone", lambda: not shared.exec("w1", *gone))


def test_pods_whose_client_died_are_restarted(shared: Ashore) -> None:
    """A pod of a Deployment: a new one takes its place, with a volume that works."""
    user = pod("any", "w2", pause_image(shared), *_WAIT, claim="data")
    spec = {**user["spec"]}
    labels = {"app": "redone"}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "redone"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    apply(shared, deployment)
    try:
        shared.kubectl("rollout", "status", "deployment/redone", "--timeout=100s")
        (before,) = _get(shared, "pods", "-l", "app=redone")["items"]
        shared.exec("w2", "systemctl", "kill", "--signal=KILL", "shared-volume.service")

        def works() -> str:
            pods = _get(shared, "pods", "-l", "app=redone")["items"]
            fresh = [
                p["metadata"]["name"]
                for p in pods
                if p["metadata"]["uid"] != before["metadata"]["uid"]
                and "deletionTimestamp" not in p["metadata"]
            ]
            return _sh(shared, fresh[0], "cat /data/file", code=None) if fresh else ""

        eventually("a new pod reads the file", lambda: works() == "from user1\n")
        assert _sh(shared, "user1", "cat /data/file") == "from user1\n"
    finally:
        shared.kubectl("delete", "deployment/redone", code=None)


def test_another_machine_takes_over_from_a_provisioner_that_hangs(stack: Ashore) -> None:
    def acting() -> str | None:
        return stack.json("status", code=None)["volumes"]["provisioner"]

    before = eventually("a storage machine makes volumes", acting)
    unit = "ashore-volumes.service"
    stack.exec(before, "systemctl", "kill", "--signal=STOP", unit)
    try:
        apply(stack, claim("after", "1Mi"))
        eventually(
            "another one has made the volume",
            lambda: _get(stack, "pvc", "after")["status"]["phase"] == "Bound",
        )
        eventually("another one acts", lambda: acting() not in (None, before))
    finally:
        stack.exec(before, "systemctl", "kill", "--signal=CONT", unit)
        stack.kubectl("delete", "pvc/after", code=None)
    stack.healthy()


def test_deleting_the_claim_removes_limit_and_directory(shared: Ashore) -> None:
    name = _get(shared, "pvc", "data")["spec"]["volumeName"]
    shared.kubectl("delete", "pod/user1", "pod/user2", "deployment/redone", "--ignore-not-found")
    shared.kubectl("delete", "pvc/data")
    listed = ("ls", "/srv/shared/volumes")
    eventually("its directory is gone", lambda: name not in shared.exec("st1", *listed))
    limits = ("gluster", "--mode=script", "volume", "quota", "shared", "list")
    assert name not in shared.exec("st1", *limits, code=None)
    eventually("the volume is gone", lambda: name not in shared.kubectl("get", "pv"))
