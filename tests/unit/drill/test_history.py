"""Results on disk: a round trip, and files that are none."""

from pathlib import Path

from ashore.drill import engine, history
from ashore.drill.verdict import Bound
from ashore.report.page import html
from ashore.report.rows import longest
from tests.unit.drill.fakes import FakeFault, FakeMeasurement, Lab


async def result(lab: Lab) -> dict[str, object]:
    fault = FakeFault(lasts=0.6)
    measurement = FakeMeasurement(fault, down=0.3)
    outcome = await engine.run(fault, lab.world(), measurement, ())
    return history.document(outcome, lab.world())


async def test_a_round_trip(lab: Lab) -> None:
    document = await result(lab)
    path = history.keep(lab.directory, document)
    (kept,) = history.load(lab.directory)
    assert kept.path == path
    assert kept.document == document
    assert path.name.endswith("-fake-fault.json")
    assert path.stat().st_mode & 0o777 == 0o600


async def test_times_count_from_the_injection(lab: Lab) -> None:
    document = await result(lab)
    marks = document["marks"]
    assert isinstance(marks, dict)
    assert marks["inject"] == 0
    assert marks["undo"] >= 0.6
    gap = longest(document, "api")
    assert gap is not None
    assert 0.3 <= gap < 0.33
    assert document["holders"]


async def test_the_report_reads_it(lab: Lab) -> None:
    history.keep(lab.directory, await result(lab))
    page = html([kept.document for kept in history.load(lab.directory)])
    assert "fake-fault" in page
    assert "nobody notices lb1" in page


async def test_what_a_check_measured_and_what_a_bound_asked_is_kept(lab: Lab) -> None:
    bounds = (Bound("api", 1.0, failed=500, patience=2.0),)
    fault = FakeFault(lasts=0.6, bounds=bounds)
    outcome = await engine.run(fault, lab.world(), FakeMeasurement(fault, down=0.3), ())
    document = history.document(outcome, lab.world())
    assert document["bounds"] == [{"probe": "api", "gap": 1.0, "failed": 500, "patience": 2.0}]
    (again,) = [c for c in document["checks"] if "tried again for 2 s" in c["what"]]
    assert again["verdict"] == "pass"
    assert 0.29 <= again["seconds"] < 0.4


def test_what_is_no_result_is_left_out(tmp_path: Path) -> None:
    root = tmp_path / "history"
    root.mkdir()
    (root / "1.json").write_text("")
    (root / "2.json").write_text("[1]")
    (root / "3.json").write_text('{"schema": "ashore.drill/9", "drill": "x"}')
    (root / "4.json").write_bytes(b"\xff\xfe")
    (root / "5.json").write_text('{"schema": "ashore.drill/1"}')
    assert history.load(tmp_path) == []
    assert history.load(tmp_path / "absent") == []
