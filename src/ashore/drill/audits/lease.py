"""A stranger's lease is the same afterwards."""

from collections.abc import Sequence

from ashore.drill.client.lease import MOVED
from ashore.drill.gaps import Sample
from ashore.drill.verdict import Check, Verdict

WHAT = "the lease is renewed with the same address"


def check(samples: Sequence[Sample]) -> Check:
    """Hold what each renewal gave against the first."""
    given = [s.detail for s in samples if s.ok]
    if not given:
        return Check(WHAT, Verdict.UNKNOWN, "no lease was given")
    moved = [s.outcome for s in samples if s.outcome.startswith(MOVED)]
    moved += [f"{MOVED}: {address}" for address in given if address != given[0]]
    if moved:
        return Check(WHAT, Verdict.FAIL, moved[0])
    if not samples[-1].ok:
        return Check(WHAT, Verdict.FAIL, f"the last renewal: {samples[-1].outcome}")
    failed = sum(not s.ok for s in samples)
    return Check(WHAT, Verdict.PASS, f"{given[0]}, {len(given)} renewals, {failed} failed")
