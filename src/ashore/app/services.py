"""Addresses and names of Services, and the metrics API, as `status` tells them."""

from dataclasses import dataclass
from typing import Any

from ashore.app.session import Session
from ashore.components.metallb import probe as metallb
from ashore.components.metrics import probe as metrics
from ashore.errors import AshoreError
from ashore.recipe import access_of
from ashore.together import together


@dataclass(frozen=True, slots=True)
class Services:
    """What Services of the cluster have from the stack.

    Attributes:
        wrong: what is missing for addresses to be given and metrics to be had.
        used: addresses of the pool that are given; None if the API does not answer.
        metrics: whether `kubectl top` has an answer.
    """

    wrong: tuple[str, ...] = ()
    used: int | None = None
    metrics: bool = False


async def services(session: Session) -> Services:
    """Ask the cluster; nothing where the API does not answer."""
    api = access_of(session.context).api
    try:
        addresses, missing = await together(metallb.addresses(api), metrics.missing(api))
    except AshoreError:
        # That the API is away is told as a problem of the cluster.
        return Services()
    wrong = (*addresses.wrong, *([missing] if missing else []))
    return Services(wrong, addresses.used, not missing)


def document(session: Session, found: Services) -> dict[str, Any]:
    """Their part of `status -o json`."""
    first, last = session.stack.network.services
    return {
        "first": str(first),
        "last": str(last),
        "addresses": int(last) - int(first) + 1,
        "used": found.used,
        "metrics": found.metrics,
    }
