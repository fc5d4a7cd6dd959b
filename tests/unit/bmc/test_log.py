from pathlib import Path

import pytest

from ashore.bmc import log as module
from ashore.bmc.log import Log
from ashore.state import jsonl


def test_what_strangers_send_stays_on_its_line(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for why in ("a\nb", "a\x85b", "a\u2028b", "\ud800", '"}'):
        log.refused("peer", why, status=400)
    records = jsonl.read(tmp_path / "refused.jsonl")
    assert [r["why"] for r in records] == ["a\nb", "a\\x85b", "a\\u2028b", "\\ud800", '"}']
    assert {r["status"] for r in records} == {400}


def test_refusals_are_bounded_and_resets_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REFUSED", 1000)
    log = Log(tmp_path)
    for _ in range(50):
        log.refused("peer", "a" * 100)
        log.reset("lb1", "peer", "lb1", "On").done(204, "", 0.2)
    files = {f.name: f.stat().st_size for f in tmp_path.iterdir()}
    assert files["refused.jsonl"] + files["refused.jsonl.1"] < 3000
    assert len(jsonl.read(tmp_path / "resets.jsonl")) == 100


def test_logs_are_for_their_owner(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.refused("peer", "why")
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0
    assert (tmp_path / "log/refused.jsonl").stat().st_mode & 0o077 == 0
