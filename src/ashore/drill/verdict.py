"""Three verdicts: a pass is only what was seen to be right."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ashore.drill.gaps import Retried, Sample, Span, Summary, retried, summarise


class Verdict(StrEnum):
    """Of a check and of a drill. Unknown: it could not be seen well enough to tell."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was seen.

    Attributes:
        seconds: the figure that was measured, if there is one.
    """

    what: str
    verdict: Verdict
    detail: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """What a probe may show at most while the fault lasts and is mended.

    Attributes:
        probe: its name.
        gap: seconds without a success.
        failed: attempts that may fail; None for any number.
        patience: seconds for which a client tries again what failed: none of
            its requests may be lost. None: that is not asked.
    """

    probe: str
    gap: float
    failed: int | None = None
    patience: float | None = None


FEWEST = 20
"""Attempts below which a probe has seen too little."""

OBSERVED = 0.9
"""Share of the time in which a probe must have tried."""

_UNSERVED = 0.5
"""Seconds without an answer from which on a gap that nothing ended is more than a pause."""


def overall(checks: Sequence[Check]) -> Verdict:
    """A failure is certain whatever else is unknown; without any check nothing is known."""
    verdicts = {check.verdict for check in checks}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    if Verdict.UNKNOWN in verdicts or not checks:
        return Verdict.UNKNOWN
    return Verdict.PASS


def check_bound(
    bound: Bound, samples: Sequence[Sample], window: Span, interval: float
) -> list[Check]:
    """Hold what a probe saw in the window against its bound.

    Args:
        interval: seconds between two planned attempts.
    """
    what = f"{bound.probe}: no gap above {bound.gap:g} s"
    if not samples:
        return [Check(what, Verdict.UNKNOWN, "the probe has no samples")]
    seen = summarise(samples, window, interval)
    found = [_gap(what, bound, seen, window.seconds)]
    if bound.failed is not None:
        found.append(_failures(bound.probe, bound.failed, seen))
    if bound.patience is not None:
        seen_again = retried(samples, window, bound.patience, interval)
        found.append(_lost(bound.probe, bound.patience, seen_again))
    return found


def _gap(what: str, bound: Bound, seen: Summary, seconds: float) -> Check:
    detail = f"longest {seen.longest.least:.2f} s, {seen.attempts} attempts"
    unserved = seen.longest.open and seen.longest.most > _UNSERVED
    if unserved:
        detail += ", not served when the measurement ended"
    if seen.longest.least > bound.gap:
        return Check(what, Verdict.FAIL, detail)
    if seen.attempts < FEWEST or seen.observed < OBSERVED * seconds:
        tried = f"{seen.attempts} attempts, tried for {seen.observed:.1f} of {seconds:.1f} s"
        return Check(what, Verdict.UNKNOWN, f"too few samples: {tried}")
    if unserved:
        return Check(what, Verdict.UNKNOWN, detail)
    if seen.longest_most.most > bound.gap:
        blind = f"the client did not run for {seen.longest_most.blind:.2f} s of it"
        detail = f"between {seen.longest.least:.2f} and {seen.longest_most.most:.2f} s: {blind}"
        return Check(what, Verdict.UNKNOWN, detail)
    return Check(what, Verdict.PASS, detail)


def _failures(probe: str, most: int, seen: Summary) -> Check:
    what = f"{probe}: {'none' if most == 0 else f'at most {most}'} failed"
    detail = f"{seen.failed} of {seen.attempts} failed"
    if seen.failed > most:
        return Check(what, Verdict.FAIL, detail)
    if seen.failed + seen.unsure > most:
        detail += f", {seen.unsure} more while the client itself was late"
        return Check(what, Verdict.UNKNOWN, detail)
    return Check(what, Verdict.PASS, detail)


def _lost(probe: str, patience: float, seen: Retried) -> Check:
    what = f"{probe}: none lost if tried again for {patience:g} s"
    if seen.lost:
        return Check(what, Verdict.FAIL, f"{seen.lost} of {seen.failed} that failed are lost")
    if seen.unsure:
        detail = f"{seen.unsure} of {seen.failed} that failed could not be followed to the end"
        return Check(what, Verdict.UNKNOWN, detail)
    detail = "none failed"
    if seen.failed:
        detail = f"{seen.failed} failed, the longest was served after {seen.longest:.2f} s"
    return Check(what, Verdict.PASS, detail, round(seen.longest, 3))
