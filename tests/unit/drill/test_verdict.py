"""A pass is only what was seen to be right."""

import pytest

from ashore.drill.gaps import Sample, Span
from ashore.drill.verdict import Bound, Check, Verdict, check_bound, overall
from tests.unit.drill.test_gaps import INTERVAL, ticks

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
WINDOW = Span(0.5, 2.5)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((), U),
        ((P,), P),
        ((P, P), P),
        ((P, U), U),
        ((P, F), F),
        ((U, F), F),
        ((U, F, P), F),
    ],
)
def test_overall(verdicts: tuple[Verdict, ...], expected: Verdict) -> None:
    assert overall([Check("it", verdict, "") for verdict in verdicts]) is expected


def verdicts(bound: Bound, samples: list[Sample]) -> list[Verdict]:
    return [check.verdict for check in check_bound(bound, samples, WINDOW, INTERVAL)]


def test_served_all_the_time() -> None:
    assert verdicts(Bound("api", 0.1, failed=0), ticks(0, 3)) == [P, P]


def test_an_outage_within_the_bound_and_above_it() -> None:
    samples = ticks(0, 3, down=Span(1.0, 1.5))
    assert verdicts(Bound("api", 1.0), samples) == [P]
    assert verdicts(Bound("api", 0.4), samples) == [F]
    assert verdicts(Bound("api", 1.0, failed=10), samples) == [P, F]


def test_no_samples_and_too_few_are_unknown() -> None:
    assert verdicts(Bound("api", 1.0), []) == [U]
    assert verdicts(Bound("api", 1.0), ticks(0, 3)[::10]) == [U]


def test_a_slow_closed_loop_is_no_reason_to_doubt() -> None:
    slow = [Sample(i * 0.1, i * 0.1, i * 0.1 + 0.1) for i in range(30)]
    assert verdicts(Bound("api", 1.0), slow) == [P]


def test_samples_that_ended_early_are_no_pass() -> None:
    assert verdicts(Bound("api", 1.0), ticks(0, 1.2)) == [F]
    assert verdicts(Bound("api", 5.0), ticks(0, 1.2)) == [U]


def test_a_client_that_did_not_run_is_unknown() -> None:
    samples = [*ticks(0, 1), Sample(1.0, 1.8, 1.802), *ticks(1.81, 3)]
    assert verdicts(Bound("api", 0.5), samples) == [U]
    assert verdicts(Bound("api", 0.9), samples) == [P]


def test_an_outage_is_certain_although_the_client_was_late_too() -> None:
    samples = [*ticks(0, 1), Sample(1.0, 1.2, 1.202, "refused")]
    samples += ticks(1.21, 3, down=Span(1.0, 2.0))
    assert verdicts(Bound("api", 0.5), samples) == [F]


def test_failures_that_may_be_the_clients_own_are_unknown() -> None:
    samples = [*ticks(0, 1), Sample(1.0, 1.3, 2.3, "timed out"), *ticks(1.31, 3)]
    assert verdicts(Bound("api", 0.9, failed=0), samples) == [P, U]


def test_a_client_that_tries_again_loses_nothing_in_a_short_outage() -> None:
    bound = Bound("api", 1.0, patience=0.7)
    samples = ticks(0, 3, down=Span(1.0, 1.5))
    assert verdicts(bound, samples) == [P, P]
    (check,) = [c for c in check_bound(bound, samples, WINDOW, INTERVAL) if "again" in c.what]
    assert check.seconds is not None
    assert 0.5 <= check.seconds < 0.55
    assert verdicts(Bound("api", 1.0, patience=0.3), samples) == [P, F]
    assert verdicts(bound, ticks(0, 3)) == [P, P]


def test_a_request_that_cannot_be_followed_to_its_end_is_unknown() -> None:
    bound = Bound("api", 3.0, patience=2.0)
    assert verdicts(bound, ticks(0, 3, down=Span(2.0, 9.0)))[-1] is U
    late = [*ticks(0, 1), Sample(1.0, 1.0, 1.01, "refused"), Sample(1.02, 2.9, 3.01)]
    assert verdicts(Bound("api", 3.0, patience=1.0), late)[-1] is U


def test_an_attempt_that_was_under_way_is_no_retry() -> None:
    """It began before the request failed, so it says nothing of one that began after."""
    hung = Sample(1.0, 1.0, 2.0, "timed out")
    samples = [*ticks(0, 2.0), hung]
    assert verdicts(Bound("api", 9.0, patience=1.5), samples)[-1] is U
    assert verdicts(Bound("api", 9.0, patience=1.5), [*samples, *ticks(2.6, 9)])[-1] is F
