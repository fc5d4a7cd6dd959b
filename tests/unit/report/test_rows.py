from ashore.report.rows import rows, summary
from ashore.report.shapes import Linear, Logarithmic, seconds, step
from tests.unit.report.story import history, run


def test_a_row_for_each_drill() -> None:
    killed, haproxy = rows(history())
    assert (killed.drill, killed.verdict, killed.count("pass")) == ("holder-killed", "fail", 2)
    assert (killed.median, killed.worst, killed.bound) == (1.2, 2.6, 2.0)
    assert haproxy.verdict == "unknown"


def test_one_failure_among_passes_is_a_failure() -> None:
    runs = [run("x", i, gap=0.1, verdict=v) for i, v in enumerate(("fail", "pass", "unknown"), 1)]
    assert rows(runs)[0].verdict == "fail"


def test_a_run_without_samples_has_no_gap() -> None:
    bare = run("x", 1, gap=0.1, verdict="unknown")
    bare["probes"] = {}
    (row,) = rows([bare])
    assert (row.gaps, row.median, row.worst) == ((), None, None)


def test_the_summary_is_the_table() -> None:
    first = summary(history())["drills"][0]
    assert first == {
        "name": "holder-killed",
        "title": "what holder-killed is",
        "runs": 3,
        "verdicts": {"pass": 2, "unknown": 0, "fail": 1},
        "verdict": "fail",
        "gap": {"median": 1.2, "worst": 2.6, "bound": 2.0},
        "figures": {},
    }


def test_what_checks_measured_is_in_the_summary() -> None:
    runs = [run("worker-killed", day, gap=0.1) for day in (1, 2, 3)]
    for taken, figure in zip(runs, (58.0, 61.5, None), strict=True):
        check = {"what": "its pod runs elsewhere", "verdict": "pass", "detail": "on w1"}
        taken["checks"].append(check | {"seconds": figure})
    assert summary(runs)["drills"][0]["figures"] == {
        "its pod runs elsewhere": {"median": 59.75, "worst": 61.5}
    }


def test_scales_keep_what_lies_outside_at_the_edge() -> None:
    linear, logarithmic = Linear(0, 10, 100, 200), Logarithmic(0.01, 100, 0, 400)
    assert [linear(v) for v in (-5, 0, 5, 99)] == [100, 100, 150, 200]
    assert [round(logarithmic(v)) for v in (0, 0.01, 1, 100, 1e9)] == [0, 0, 200, 400, 400]


def test_ticks_are_round() -> None:
    assert [step(s, 14) for s in (3, 14, 20, 60, 200)] == [0.5, 1, 2, 5, 20]


def test_seconds() -> None:
    shown = [seconds(v) for v in (None, 0.0, 0.0123, 0.099, 0.1, 2.5, 9.99, 12.34)]
    assert shown == ["-", "0 ms", "12 ms", "99 ms", "0.10 s", "2.50 s", "9.99 s", "12.3 s"]
