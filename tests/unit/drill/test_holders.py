"""Whether two machines had the address at once."""

from ashore.drill.audits.holders import Look, Transition, check, holdings, overlaps
from ashore.drill.gaps import Span
from ashore.drill.verdict import Verdict

LOOK = Look(ended=10.0, looks=500, longest=0.03)


def verdict(*transitions: Transition, look: Look | None = LOOK) -> tuple[Verdict, str]:
    found = check(transitions, look, {"lb1": Span(1.0, 8.0)}, 1.0)
    return found.verdict, found.detail


def moved(lost: float, got: float, width: float = 0.001) -> tuple[Transition, ...]:
    return (
        Transition("lb1", True, 0.0, 0.001),
        Transition("lb1", False, lost, lost + width),
        Transition("lb2", True, got, got + width),
    )


def test_one_after_the_other() -> None:
    assert verdict(*moved(3.0, 3.1))[0] is Verdict.PASS


def test_one_that_keeps_it() -> None:
    assert verdict(moved(3, 3)[0])[0] is Verdict.PASS


def test_both_at_once() -> None:
    outcome, detail = verdict(*moved(5.0, 3.0))
    assert outcome is Verdict.FAIL
    assert detail == "lb1 and lb2 both had it for 1.999 s from +2.001 s (lb1 was cut off meanwhile)"


def test_both_to_the_end() -> None:
    first, _, second = moved(5.0, 3.0)
    outcome, detail = verdict(first, second)
    assert outcome is Verdict.FAIL
    assert "for 6.999 s" in detail
    assert "cut off" not in detail


def test_seen_at_one_look_the_order_is_unknown() -> None:
    assert verdict(*moved(3.0, 3.0, width=0.02))[0] is Verdict.UNKNOWN


def test_a_watcher_that_was_not_there_to_the_end() -> None:
    assert verdict(*moved(3.0, 3.1), look=None)[0] is Verdict.UNKNOWN


def test_holdings_are_pairs_of_moments() -> None:
    found = holdings(moved(3.0, 3.1), 10.0)
    assert [(h.machine, h.begun, h.ended) for h in found] == [
        ("lb1", Span(0.0, 0.001), Span(3.0, 3.001)),
        ("lb2", Span(3.1, 3.101), Span(10.0, 10.0)),
    ]
    assert overlaps(found) == []


def test_the_same_machine_never_overlaps_itself() -> None:
    found = holdings(
        [
            Transition("lb1", True, 0, 1),
            Transition("lb1", False, 1, 2),
            Transition("lb1", True, 1, 2),
        ],
        9.0,
    )
    assert overlaps(found) == []
