from pathlib import Path

from ashore.drill import record


def test_nothing_is_pending_where_nothing_was_written(tmp_path: Path) -> None:
    assert record.pending(tmp_path / "drill") is None
    record.clear(tmp_path / "drill")


def test_what_was_written_is_pending_until_it_is_cleared(tmp_path: Path) -> None:
    record.write(tmp_path / "drill", "link-cut", {"machine": "lb1"})
    found = record.pending(tmp_path / "drill")
    assert found is not None
    assert (found.drill, found.targets) == ("link-cut", {"machine": "lb1"})
    record.clear(tmp_path / "drill")
    assert record.pending(tmp_path / "drill") is None
