"""Arithmetic of what a client saw. Pure; times are seconds of one monotonic clock.

A success proves the service at the moment when its answer was complete. A gap
is the time between two such moments that follow each other, so it is never
shorter than what a client that always tries had to wait.

The client shares its computer with what it measures. An attempt that began
later than planned tells that the client did not run in between: that time is
blind. Of a gap with blind time in it only the rest is certain.
"""

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True)
class Sample:
    """One attempt. `outcome` is empty for a success, else what went wrong in a word or two.

    `detail` is the probe's own: the number of the connection, the key written.
    """

    planned: float
    started: float
    ended: float
    outcome: str = ""
    detail: str = ""

    @property
    def ok(self) -> bool:
        return not self.outcome


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Gap:
    """No success from `start` to `end`, of which the client was blind for `blind` seconds.

    `open` means that no success followed before the measurement ended.
    """

    start: float
    end: float
    blind: float = 0.0
    open: bool = False

    @property
    def most(self) -> float:
        """Seconds for which nobody was served, if nobody was while the client did not look."""
        return self.end - self.start

    @property
    def least(self) -> float:
        """Seconds for which the client looked and was not served."""
        return self.most - self.blind


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that do not overlap, in order."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


class Cover:
    """How much of any time is covered by spans; asked thousands of times for one probe."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = merge(spans)
        self._starts = [span.start for span in self._spans]
        self._before = [0.0, *accumulate(span.seconds for span in self._spans)]

    def seconds(self, start: float, end: float) -> float:
        """Seconds between the two moments that lie in one of the spans."""
        return max(0.0, self._until(end) - self._until(start))

    def _until(self, moment: float) -> float:
        index = bisect_right(self._starts, moment)
        if not index:
            return 0.0
        last = self._spans[index - 1]
        return self._before[index - 1] + min(moment, last.end) - last.start


def blind(samples: Sequence[Sample], tolerance: float) -> Cover:
    """When the client did not run: from the planned to the actual start of late attempts.

    Args:
        tolerance: seconds of lateness that are the timer's.
    """
    return Cover(Span(s.planned, s.started) for s in samples if s.started - s.planned > tolerance)


def gaps(samples: Sequence[Sample], window: Span, tolerance: float) -> list[Gap]:
    """Every gap that reaches into the window, in order.

    The first begins at the last success before the window, or at the window's
    start without one; the last is open if no success came before the window's
    end.
    """
    done = sorted(s.ended for s in samples if s.ok)
    late = blind(samples, tolerance)
    first = bisect_right(done, window.start)
    moments = [done[first - 1] if first else window.start]
    moments += [moment for moment in done[first:] if moment < window.end]
    found = [Gap(a, b, late.seconds(a, b)) for a, b in pairwise(moments)]
    last = moments[-1]
    after = next((moment for moment in done[first:] if moment >= window.end), None)
    end = window.end if after is None else after
    found.append(Gap(last, end, late.seconds(last, end), open=after is None))
    return found


@dataclass(frozen=True, slots=True)
class Summary:
    """What a probe saw in a window.

    Attributes:
        attempts: those that were planned in the window.
        failed: of these; `unsure` failed while the client itself was late.
        longest: the longest gap by what is certain.
        longest_most: the longest gap, blind time included.
        blind: seconds in which the client did not run.
        observed: seconds in which an attempt was under way or the next one not yet due.
        median, p99: seconds that successes took; 0 without one.
    """

    attempts: int
    failed: int
    unsure: int
    longest: Gap
    longest_most: Gap
    blind: float
    observed: float
    median: float
    p99: float


def summarise(samples: Sequence[Sample], window: Span, interval: float) -> Summary:
    """See `Summary`.

    Args:
        interval: seconds between two planned attempts; lateness up to it is no blindness.
    """
    inside = [s for s in samples if window.start <= s.planned < window.end]
    late = blind(samples, interval)
    looked = Cover(Span(s.planned, max(s.planned + 2 * interval, s.ended)) for s in samples)
    failed = [s for s in inside if not s.ok]
    unsure = sum(late.seconds(s.planned, s.ended) > 0 for s in failed)
    found = gaps(samples, window, interval)
    took = sorted(s.ended - s.started for s in inside if s.ok)
    return Summary(
        attempts=len(inside),
        failed=len(failed) - unsure,
        unsure=unsure,
        longest=max(found, key=lambda gap: gap.least),
        longest_most=max(found, key=lambda gap: gap.most),
        blind=late.seconds(window.start, window.end),
        observed=looked.seconds(window.start, window.end),
        median=statistics.median(took) if took else 0.0,
        p99=took[min(len(took) - 1, int(len(took) * 0.99))] if took else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of the requests that failed, for a client that tries again.

    Attributes:
        failed: requests that failed.
        lost: of these, no later attempt succeeded in time; `unsure` were not
            followed to the end, or the client itself did not run meanwhile.
        longest: seconds from a request that failed to its success, the worst.
    """

    failed: int
    lost: int
    unsure: int
    longest: float


def retried(samples: Sequence[Sample], window: Span, patience: float, tolerance: float) -> Retried:
    """Follow each request that failed in the window to the success of a later attempt.

    A client that tries again does so when its request has failed. Of the
    attempts on the schedule those that began from then on stand for it; the
    first of them may begin an interval later, never sooner.

    Args:
        patience: seconds from a request's start for which its client tries again.
        tolerance: seconds of lateness that are the timer's.
    """
    failed = [s for s in samples if not s.ok and window.start <= s.planned < window.end]
    done = sorted((s for s in samples if s.ok), key=lambda each: each.started)
    starts = [s.started for s in done]
    soonest = [*accumulate(reversed([s.ended for s in done]), min)][::-1]
    late = blind(samples, tolerance)
    until = max((s.ended for s in samples), default=window.end)
    lost = unsure = 0
    longest = 0.0
    for each in failed:
        at = bisect_left(starts, each.ended)
        took = soonest[at] - each.started if at < len(soonest) else float("inf")
        limit = each.started + patience
        if took <= patience:
            longest = max(longest, took)
        elif until < limit or late.seconds(each.started, limit) > 0:
            unsure += 1
        else:
            lost += 1
    return Retried(len(failed), lost, unsure, longest)
