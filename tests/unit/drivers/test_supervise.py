from pathlib import Path

import pytest

from ashore.drivers.nspawn import supervise
from ashore.drivers.nspawn.legacy import LegacySupervisor
from ashore.drivers.nspawn.systemd import SystemdSupervisor
from ashore.drivers.shared.names import Names
from ashore.errors import AshoreError
from ashore.host import cgroups

V2 = cgroups.Hierarchies({}, None)


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SystemdSupervisor:
    monkeypatch.setattr(cgroups, "hierarchies", lambda: cgroups.Hierarchies({}, tmp_path))
    return SystemdSupervisor(Names("demo"))


def unit(root: Path, name: str, pids: str = "") -> Path:
    group = root / "ashore.slice" / name
    (group / "supervisor").mkdir(parents=True)
    (group / "supervisor/cgroup.procs").write_text(pids)
    (group / "payload/init.scope").mkdir(parents=True)
    return group


def test_a_host_without_its_hierarchy_has_no_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "hierarchies", lambda: cgroups.Hierarchies({}, tmp_path))
    supervisor = LegacySupervisor(Names("demo"))
    assert supervisor.found() == {}
    with pytest.raises(AshoreError, match="name=systemd"):
        supervisor.leader("lb1")


def test_machines_are_found_by_their_units(systemd: SystemdSupervisor, tmp_path: Path) -> None:
    assert systemd.found() == {}
    unit(tmp_path, "ashore-demo-gw.service", "17\n")
    unit(tmp_path, "ashore-demo-w1.service")
    unit(tmp_path, "ashore-demo-2-w1.service", "18\n")
    unit(tmp_path, "ashore-other-w1.service", "19\n")
    assert systemd.found() == {"gw": True, "w1": False}


def test_limits_are_read_from_the_groups_files(systemd: SystemdSupervisor, tmp_path: Path) -> None:
    group = unit(tmp_path, "ashore-demo-gw.service")
    assert systemd.limits("gw") == supervise.Limits(None, None)
    (group / "cpu.max").write_text("150000 100000\n")
    (group / "memory.max").write_text("max\n")
    assert systemd.limits("gw") == supervise.Limits(1.5, None)


def test_commands_enter_a_leaf(systemd: SystemdSupervisor, tmp_path: Path) -> None:
    (file,) = systemd.joins("gw")
    assert file.relative_to(tmp_path).parts[-4:] == (
        "ashore-demo-gw.service",
        "payload",
        "init.scope",
        "cgroup.procs",
    )


def test_a_process_that_only_entered_is_no_leader(tmp_path: Path) -> None:
    group = tmp_path / "payload/init.scope"
    group.mkdir(parents=True)
    assert supervise.leader(tmp_path) is None
    (group / "cgroup.procs").write_text("1\n")  # PID 1 of this very namespace
    assert supervise.leader(tmp_path) is None
