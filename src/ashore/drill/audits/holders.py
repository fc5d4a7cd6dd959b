"""The floating IP is on at most one machine, at every moment.

Each change happened between two looks, so the beginning and the end of a
holding are known as a pair of times. Two machines held it at once for certain
if they did at the latest beginning and the earliest end; they may have if
they did at the earliest beginning and the latest end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from ashore.drill.gaps import Span
from ashore.drill.verdict import Check, Verdict

WHAT = "the floating IP is on at most one machine"


@dataclass(frozen=True, slots=True)
class Transition:
    """A machine got the address or lost it, at some moment from `after` to `before`."""

    machine: str
    holds: bool
    after: float
    before: float


@dataclass(frozen=True, slots=True)
class Look:
    """How the watcher looked: until when, how often, and its longest time without looking."""

    ended: float
    looks: int
    longest: float


@dataclass(frozen=True, slots=True)
class Holding:
    """A machine had the address: from some moment in `begun` to some moment in `ended`."""

    machine: str
    begun: Span
    ended: Span


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two machines had the address at once: for `least` seconds for certain, at most `most`."""

    machines: tuple[str, str]
    at: float
    least: float
    most: float


def holdings(transitions: Sequence[Transition], end: float) -> list[Holding]:
    """Every holding of every machine; one that did not end lasts to `end`."""
    found: list[Holding] = []
    begun: dict[str, Span] = {}
    for t in transitions:
        when = Span(t.after, t.before)
        if t.holds:
            begun.setdefault(t.machine, when)
        elif t.machine in begun:
            found.append(Holding(t.machine, begun.pop(t.machine), when))
    found += [Holding(m, when, Span(end, end)) for m, when in begun.items()]
    return sorted(found, key=lambda h: (h.begun.start, h.machine))


def overlaps(found: Sequence[Holding]) -> list[Overlap]:
    """Every pair of holdings of two machines that were, or may have been, at once."""
    pairs = [
        Overlap(
            (a.machine, b.machine),
            at=max(a.begun.end, b.begun.end),
            least=max(0.0, min(a.ended.start, b.ended.start) - max(a.begun.end, b.begun.end)),
            most=min(a.ended.end, b.ended.end) - max(a.begun.start, b.begun.start),
        )
        for a, b in combinations(found, 2)
        if a.machine != b.machine
    ]
    return [pair for pair in pairs if pair.most > 0]


def check(
    transitions: Sequence[Transition], look: Look | None, cut: dict[str, Span], zero: float
) -> Check:
    """The verdict on one drill.

    An address on a machine that nobody reaches is counted all the same: what
    keeps it harmless is luck, not the cluster.

    Args:
        cut: machine -> when its link was cut, for the detail of a failure.
        zero: the moment that the detail counts from.
    """
    if look is None or not look.looks:
        return Check(WHAT, Verdict.UNKNOWN, "nobody watched to the end")
    found = overlaps(holdings(transitions, look.ended))
    certain = [pair for pair in found if pair.least > 0]
    if certain:
        told = "; ".join(_tell(pair, cut, zero) for pair in certain)
        return Check(WHAT, Verdict.FAIL, told)
    if found:
        most = max(pair.most for pair in found)
        return Check(
            WHAT, Verdict.UNKNOWN, f"two may have had it for {most * 1000:.1f} ms: seen at one look"
        )
    detail = f"{len(transitions)} changes, {look.looks} looks, longest pause {look.longest:.3f} s"
    return Check(WHAT, Verdict.PASS, detail)


def _tell(pair: Overlap, cut: dict[str, Span], zero: float) -> str:
    both = " and ".join(pair.machines)
    away = [
        m
        for m in pair.machines
        if m in cut and cut[m].start <= pair.at and pair.at + pair.least <= cut[m].end
    ]
    unreached = f" ({' and '.join(away)} was cut off meanwhile)" if away else ""
    return f"{both} both had it for {pair.least:.3f} s from {pair.at - zero:+.3f} s{unreached}"
