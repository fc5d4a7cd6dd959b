"""The shared volume: seen by workers, closed to strangers, never written beside.

That a machine which is lost with its disk is filled again is the drill storage-replaced.
"""

from tests.machine.conftest import Ashore


def test_every_worker_sees_it_before_its_kubelet_starts(stack: Ashore) -> None:
    for worker in ("w1", "w2"):
        assert "fuse.glusterfs" in stack.exec(worker, "findmnt", "-no", "FSTYPE", "/srv/shared")
        needs = stack.exec(worker, "systemctl", "show", "--property=Requires", "kubelet")
        assert "shared-volume.service" in needs
    assert stack.json("status")["storage"]["type"] == "replica"


def test_an_unmounted_worker_writes_nowhere(stack: Ashore) -> None:
    below = "mount --bind / /mnt && ! touch /mnt/srv/shared/x 2>/dev/null"
    stack.exec("w1", "unshare", "--mount", "sh", "-c", below)


def test_nobody_connects_without_a_certificate(stack: Ashore) -> None:
    """A control plane has none, and reaches the storage machines; a worker has one.

    Not asked is whether anything is mounted: the client mounts in a process beside the one that
    connects, so where it is refused quickly, a mount that nobody serves can stay behind.
    """
    server = {m["name"]: m["address"] for m in stack.json("status")["machines"]}["st1"]
    mount = f"timeout 20 mount -t glusterfs {server}:/shared /mnt"
    look = f"{mount}; cat /mnt/secret; umount --lazy /mnt; echo looked"
    stack.exec("w1", "sh", "-c", "echo served >/srv/shared/secret && sync /srv/shared/secret")
    try:
        stack.exec("cp1", "ping", "-c1", "-W5", server)
        seen = [stack.exec(m, "unshare", "--mount", "sh", "-c", look) for m in ("w1", "cp1")]
        assert seen == ["served\nlooked\n", "looked\n"]
    finally:
        stack.exec("w1", "rm", "-f", "/srv/shared/secret")
