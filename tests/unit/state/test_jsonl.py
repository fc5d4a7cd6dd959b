from pathlib import Path

import pytest

from ashore.state import jsonl
from ashore.state.journal import Entry, Journal, Result, entries, last_run
from ashore.state.ledger import Ledger


def test_a_crash_in_the_middle_of_a_line_loses_that_line_only(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    for number in range(3):
        jsonl.append(whole, {"number": number, "text": "é\n"})
    data = whole.read_bytes()
    ends = [i + 1 for i, byte in enumerate(data) if byte == 0x0A]
    for cut in range(len(data) + 1):
        broken = tmp_path / "broken"
        broken.write_bytes(data[:cut])
        kept = sum(end <= cut + 1 for end in ends)  # a line without its newline is whole as well
        assert [r["number"] for r in jsonl.read(broken)] == list(range(kept))
        jsonl.append(broken, {"number": "next"})
        assert [r["number"] for r in jsonl.read(broken)] == [*range(kept), "next"]


def test_what_is_no_record_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'[1]\n\xff\xfe\n\n{"a":1}\n3\n')
    assert jsonl.read(path) == [{"a": 1}]
    assert jsonl.read(tmp_path / "none") == []


def test_the_ledger_is_written_before_and_once_for_each_thing(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    ledger = Ledger(path)
    ledger.record("netns", "ashore-demo")
    assert [(m.kind, m.name) for m in Ledger(path).entries()] == [("netns", "ashore-demo")]
    ledger.record("netns", "ashore-demo")
    again = Ledger(path)
    again.record("netns", "ashore-demo")
    again.record("link", "as-demo")
    assert [(m.kind, m.name) for m in ledger.entries()] == [
        ("netns", "ashore-demo"),
        ("link", "as-demo"),
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_journal_tells_the_last_run(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    Journal(path, "1").write("old", Result.FAILED, 1.0, message="no", log="/log")
    journal = Journal(path, "2")
    journal.write("a", Result.STARTED, 0.0)
    journal.write("b", Result.UNCHANGED, 0.1)
    journal.write("a", Result.CHANGED, 2.0)
    assert [(e.step, e.result) for e in last_run(path)] == [
        ("a", Result.CHANGED),
        ("b", Result.UNCHANGED),
    ]
    first = entries(path)[0]
    assert first == Entry(first.at, "1", "old", Result.FAILED, 1.0, "no", "/log")
    assert last_run(tmp_path / "none") == []


def test_entries_of_another_version_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    jsonl.append(path, {"at": "x", "run": "1", "step": "a", "result": "melted", "seconds": 1})
    jsonl.append(path, {"result": "changed", "colour": "blue"})
    Journal(path, "2").write("a", Result.CHANGED, 1.0)
    assert [e.run for e in entries(path)] == ["2"]


def test_a_long_journal_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ashore.state.journal._LIMIT", 10)
    path = tmp_path / "journal"
    Journal(path, "1").write("a", Result.CHANGED, 1.0)
    Journal(path, "2").write("b", Result.CHANGED, 1.0)
    assert [e.step for e in entries(path)] == ["b"]
    assert [e.step for e in entries(tmp_path / "journal.old")] == ["a"]
