"""The arithmetic of gaps, on samples made by hand."""

import pytest

from ashore.drill.gaps import Cover, Gap, Sample, Span, blind, gaps, merge, summarise

INTERVAL = 0.01
NEVER = Span(-1, -1)


def ticks(
    start: float,
    end: float,
    *,
    interval: float = INTERVAL,
    took: float = 0.002,
    down: Span = NEVER,
) -> list[Sample]:
    """Attempts on time; those that begin while the service is down are refused at once."""
    count = round((end - start) / interval)
    found: list[Sample] = []
    for i in range(count):
        at = start + i * interval
        failed = down.start <= at < down.end
        found.append(Sample(at, at, at + took, "refused" if failed else ""))
    return found


def test_without_a_fault_the_gaps_are_the_interval() -> None:
    found = gaps(ticks(0, 2), Span(0.5, 1.5), INTERVAL)
    assert all(gap.most == pytest.approx(INTERVAL) for gap in found)
    assert not any(gap.open for gap in found)


def test_an_outage_is_one_gap_between_the_answers_beside_it() -> None:
    samples = ticks(0, 3, down=Span(1.0, 1.7))
    longest = max(gaps(samples, Span(1.0, 2.5), INTERVAL), key=lambda gap: gap.most)
    assert longest.start == pytest.approx(0.992)
    assert longest.end == pytest.approx(1.702)
    assert longest.least == longest.most == pytest.approx(0.71)


def test_an_attempt_that_hung_and_was_answered_late_ends_no_gap_early() -> None:
    hung = Sample(1.0, 1.0, 1.9)
    samples = [*ticks(0, 1), hung, *ticks(2.0, 3.0)]
    found = gaps(samples, Span(0.9, 2.5), INTERVAL)
    assert [round(gap.most, 3) for gap in found if gap.most > 0.05] == [0.908, 0.102]


def test_a_gap_that_began_before_the_window_counts_from_its_beginning() -> None:
    found = gaps(ticks(0, 3, down=Span(0.9, 1.5)), Span(1.0, 2.0), INTERVAL)
    assert found[0].start == pytest.approx(0.892)
    assert found[0].most == pytest.approx(0.61)


def test_a_gap_to_the_end_is_open() -> None:
    found = gaps(ticks(0, 3, down=Span(1.0, 9.0)), Span(1.0, 3.0), INTERVAL)
    assert len(found) == 1
    assert found[0].open
    assert found[0].end == 3.0


def test_without_a_success_the_whole_window_is_one_open_gap() -> None:
    assert gaps(ticks(0, 3, down=Span(0, 9)), Span(1.0, 3.0), INTERVAL) == [
        Gap(1.0, 3.0, open=True)
    ]
    assert gaps([], Span(1.0, 3.0), INTERVAL) == [Gap(1.0, 3.0, open=True)]


def test_the_order_of_the_samples_does_not_matter() -> None:
    samples = ticks(0, 2, down=Span(0.7, 1.1))
    assert gaps(samples[::-1], Span(0, 2), INTERVAL) == gaps(samples, Span(0, 2), INTERVAL)


def test_lateness_within_the_tolerance_is_not_blind() -> None:
    assert blind([Sample(1.0, 1.009, 1.02)], 0.01).seconds(0, 9) == 0
    assert blind([Sample(1.0, 1.5, 1.6)], 0.01).seconds(0, 9) == 0.5


def test_times_that_touch_become_one() -> None:
    spans = [Span(3.0, 3.5), Span(1.0, 1.5), Span(1.2, 1.6), Span(1.3, 1.4)]
    assert merge(spans) == [Span(1.0, 1.6), Span(3.0, 3.5)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 1, 0), (0, 5, 2), (1.5, 3.25, 0.75), (1.25, 1.5, 0.25), (2, 3, 0), (5, 6, 0), (4, 9, 0)],
)
def test_what_is_covered_is_cut_at_both_ends(start: float, end: float, expected: float) -> None:
    assert Cover([Span(1, 2), Span(3, 4)]).seconds(start, end) == pytest.approx(expected)


def test_blind_time_is_certain_of_no_gap() -> None:
    """The client did not run for 0.8 s: nobody knows whether it would have been served."""
    samples = [*ticks(0, 1), Sample(1.0, 1.8, 1.802), *ticks(1.81, 3)]
    longest = max(gaps(samples, Span(0.5, 2.5), INTERVAL), key=lambda gap: gap.most)
    assert longest.most == pytest.approx(0.81)
    assert longest.least == pytest.approx(0.01)


def test_an_outage_longer_than_the_blindness_is_certain_in_the_rest() -> None:
    samples = [*ticks(0, 1), Sample(1.0, 1.3, 1.302, "refused")]
    samples += ticks(1.31, 4, down=Span(1.0, 2.31))
    longest = max(gaps(samples, Span(0.5, 3.5), INTERVAL), key=lambda gap: gap.most)
    assert longest.most == pytest.approx(1.32)
    assert longest.least == pytest.approx(1.02)


def test_the_summary_counts_what_was_planned_in_the_window() -> None:
    seen = summarise(ticks(0, 3, down=Span(1.0, 1.5)), Span(0.5, 2.5), INTERVAL)
    assert (seen.attempts, seen.failed, seen.unsure) == (200, 50, 0)
    assert seen.longest.least == pytest.approx(0.51)
    assert seen.median == pytest.approx(0.002)


def test_a_failure_while_the_client_was_late_is_unsure() -> None:
    samples = [*ticks(0, 1), Sample(1.0, 1.5, 2.5, "timed out"), *ticks(1.51, 3)]
    seen = summarise(samples, Span(0.5, 2.5), INTERVAL)
    assert (seen.failed, seen.unsure) == (0, 1)
    assert seen.blind == pytest.approx(0.5)
