from pathlib import Path

import pytest

from ashore.host import cgroups, mounts

MOUNTINFO = r"""20 1 254:0 / / rw - ext4 /dev/vda rw
22 27 0:21 / /proc rw,relatime - proc proc rw
30 27 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
31 27 0:32 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct
32 27 0:33 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/x,name=systemd
33 27 0:34 / /sys/fs/cgroup/unified rw master:1 propagate_from:2 - cgroup2 cgroup2 rw,nsdelegate
42 27 0:4 net:[4026532] /run/netns/a rw shared:1 - nsfs nsfs rw
50 27 254:0 / /state/a\040b rw - ext4 /dev/vda rw
51 50 254:0 / /state/a\040b/inner rw - overlay overlay rw,lowerdir=/x
52 27 254:0 / /state/another rw - ext4 /dev/vda rw
"""


@pytest.fixture(autouse=True)
def mountinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTINFO)
    monkeypatch.setattr(mounts, "_MOUNTINFO", path)


def test_blanks_in_paths_are_read() -> None:
    assert mounts.mounts()[7] == mounts.Mount("/state/a b", "ext4", "/dev/vda", ("rw",))


def test_optional_fields_are_skipped() -> None:
    assert mounts.mounts()[5].fstype == "cgroup2"


def test_the_innermost_comes_first() -> None:
    assert mounts.below(Path("/state/a b")) == ["/state/a b/inner", "/state/a b"]
    assert mounts.below(Path("/state/a")) == []


def test_the_mount_that_holds_a_path() -> None:
    assert mounts.holding(Path("/state/a b/inner/x")).fstype == "overlay"
    assert mounts.holding(Path("/state/a/not/there")).target == "/"
    assert mounts.holding(Path("/state/another")).target == "/state/another"


def test_hierarchies_by_controller() -> None:
    found = cgroups.hierarchies()
    assert found.legacy
    assert set(found.controllers) == {"memory", "cpu", "cpuacct", "name=systemd"}
    assert found.controllers["cpu"] == found.controllers["cpuacct"]
    assert len(found.roots()) == 4
    assert found.unified == Path("/sys/fs/cgroup/unified")
