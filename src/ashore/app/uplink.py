"""Whether a stack may reach the outside: decided at its first `up`, then kept.

Asked anew each time, a passing outage of the site would take the uplink away
from a running stack.
"""

from ashore.app.select import Chosen
from ashore.host import facts
from ashore.state.files import write_atomic

_YES, _NO = "yes\n", "no\n"


def upstream(chosen: Chosen) -> tuple[str, ...] | None:
    """The name servers that the gateway may ask; None without an uplink or before the first up."""
    if chosen.stack.network.uplink == "none" or _kept(chosen) != _YES:
        return None
    return facts.resolvers()


async def decide(chosen: Chosen) -> None:
    """Decide if it has not been decided yet: does an upstream release site answer?"""
    if chosen.stack.network.uplink == "none" or _kept(chosen):
        return
    from ashore.supply.releases import reachable

    answer = _YES if await reachable() else _NO
    write_atomic(chosen.state.uplink, answer.encode(), 0o600)


def _kept(chosen: Chosen) -> str:
    try:
        return chosen.state.uplink.read_text()
    except FileNotFoundError:
        return ""
