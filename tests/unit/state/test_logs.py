from pathlib import Path

import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.state.logs import KEEP, RunLogs, find, latest, new_run


def write(logs: RunLogs, key: str, text: str = "") -> Path:
    path = logs.path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_newest_log_of_each_step_is_found(tmp_path: Path) -> None:
    old, new = RunLogs(tmp_path, "20260101"), RunLogs(tmp_path, "20260102")
    write(old, "cp1/kubeadm")
    old_fabric = write(old, "fabric")
    newest = write(new, "cp1/kubeadm")
    assert latest(tmp_path) == {"cp1/kubeadm": newest, "fabric": old_fabric}
    assert find(tmp_path, "cp1/kubeadm") == newest
    assert find(tmp_path, "cp1") == newest
    assert find(tmp_path, "fab") == old_fabric


def test_a_key_wins_over_longer_ones_that_begin_like_it(tmp_path: Path) -> None:
    logs = RunLogs(tmp_path, "1")
    whole = write(logs, "image")
    write(logs, "image/rootfs")
    assert find(tmp_path, "image") == whole


def test_what_is_not_one_step_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(AshoreError) as none:
        find(tmp_path / "none", "cp1")
    assert none.value.hint == "there are: none: no step has changed anything yet"
    logs = RunLogs(tmp_path, "1")
    write(logs, "cp1/kubeadm")
    write(logs, "cp2/kubeadm")
    with pytest.raises(AshoreError, match="cp may be any of cp1/kubeadm, cp2/kubeadm") as several:
        find(tmp_path, "cp")
    assert several.value.exit_code is ExitCode.USAGE
    with pytest.raises(AshoreError, match="no log of a step w1"):
        find(tmp_path, "w1")


def test_the_last_runs_are_kept(tmp_path: Path) -> None:
    for number in range(KEEP + 5):
        write(RunLogs(tmp_path, f"{number:03}"), "fabric")
    run = new_run(tmp_path)
    write(run, "fabric")
    kept = sorted(p.name for p in tmp_path.iterdir())
    assert kept == [*[f"{n:03}" for n in range(6, KEEP + 5)], run.id]
    assert len(kept) == KEEP


def test_a_run_without_a_log_leaves_nothing(tmp_path: Path) -> None:
    assert new_run(tmp_path).id < new_run(tmp_path).id
    assert list(tmp_path.iterdir()) == []
