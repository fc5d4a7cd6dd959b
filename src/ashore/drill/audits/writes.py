"""No acknowledged write is missing."""

from collections.abc import Iterable, Sequence

from ashore.drill.gaps import Sample
from ashore.drill.verdict import Check, Verdict

WHAT = "no acknowledged write is missing"
_SHOWN = 5


def check(samples: Sequence[Sample], there: Iterable[str]) -> Check:
    """Hold the keys that were acknowledged against those that are there.

    A write that failed may be there all the same: it was never promised.
    """
    acknowledged = [s.detail for s in samples if s.ok]
    if not acknowledged:
        return Check(WHAT, Verdict.UNKNOWN, "no write was acknowledged")
    present = set(there)
    missing = [key for key in acknowledged if key not in present]
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
        return Check(
            WHAT, Verdict.FAIL, f"{len(missing)} of {len(acknowledged)} are missing: {shown}"
        )
    return Check(WHAT, Verdict.PASS, f"{len(acknowledged)} acknowledged, all there")
