"""What Gluster is told on each kind of machine."""

from pathlib import Path

from ashore.components.gluster.render import ROLES, fragment
from ashore.model.load import default_stack
from ashore.model.types import Role
from ashore.pki.authority import Pair
from tests.unit.components import golden

HERE = Path(__file__).parent
IDENTITY = Pair(b"certificate\n", b"key\n")


def rendered(name: str, mounted: str | None = None) -> str:
    stack = default_stack()
    machine = stack.machine(name)
    assert machine is not None
    assert stack.storage is not None
    made = fragment(stack, stack.storage, machine, IDENTITY, b"authority\n", mounted)
    return golden.as_text(made)


def test_a_storage_machine() -> None:
    golden.check(HERE, "storage.txt", rendered("st2"))


def test_a_daemon_waits_for_a_brick_that_is_mounted() -> None:
    plain, mounted = (rendered("st2", place).splitlines() for place in (None, "/srv/brick"))
    assert [line for line in mounted if line not in plain] == ["RequiresMountsFor=/srv/brick"]
    # Made before the mount, it would be on the machine's root.
    assert [line for line in plain if line not in mounted] == ["$ mkdir -p /srv/brick/shared"]


def test_a_worker() -> None:
    golden.check(HERE, "worker.txt", rendered("w1"))


def test_the_key_is_not_for_everybody() -> None:
    for name in ("st1", "w1"):
        assert "=== /etc/ssl/glusterfs.key 0600" in rendered(name)


def test_the_kubelet_needs_the_volume_on_workers_alone() -> None:
    assert "kubelet" in rendered("w2")
    assert "kubelet" not in rendered("st1")
    assert set(ROLES) == {Role.STORAGE, Role.WORKER}
