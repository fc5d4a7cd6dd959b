"""The way through a host's own firewall, which may drop what is not for the host itself.

Docker and ufw let iptables' chain FORWARD do so, and no table of ours can take that back: a
packet that one chain drops is gone, whatever another one accepts. So two rules go into that
very chain, by its own program, whichever of the kernel's two interfaces that uses.
"""

import json
from collections.abc import Sequence

from ashore.drivers.base import Record
from ashore.drivers.shared.names import Names
from ashore.host.run import installed, run

_IPTABLES = ("iptables", "--wait", "10")
_CHAIN = "FORWARD"


async def drift(names: Names) -> list[str]:
    """Which of the stack's packets the host's iptables drops, a phrase each."""
    if not await _drops():
        return []
    return [f"the host's iptables drops {what}" for what, _ in await _missing(names)]


async def apply(names: Names, record: Record) -> None:
    """Let the stack's packets out, and in what answers them, if they are dropped now."""
    if await _drops():
        for _, rule in await _missing(names):
            record("iptables-rule", " ".join(rule))
            await run([*_IPTABLES, "--insert", _CHAIN, *rule])


async def remove(names: Names) -> None:
    """Take the rules away, if they are there."""
    for rule in await _present(names):
        await run([*_IPTABLES, "--delete", _CHAIN, *rule])


async def left(names: Names) -> list[str]:
    """What is still there, a phrase each."""
    return [f"iptables rule {' '.join(rule)}" for rule in await _present(names)]


async def others() -> list[str]:
    """Chains that drop what they do not know, and that are not iptables': `ip t forward`."""
    done = await run(["nft", "-j", "list", "chains"], quiet=True)
    listed = json.loads(done.text)["nftables"]
    chains = [entry["chain"] for entry in listed if "chain" in entry]
    return [
        f"{chain['family']} {chain['table']} {chain['name']}"
        for chain in chains
        if (chain.get("hook"), chain.get("policy")) == ("forward", "drop")
        and chain["family"] in ("ip", "inet")
        and (chain["family"], chain["table"], chain["name"]) != ("ip", "filter", _CHAIN)
    ]


def rules(names: Names) -> dict[str, Sequence[str]]:
    """Whose packets -> the rule that lets them pass."""
    accept = ("-m", "comment", "--comment", names.table, "-j", "ACCEPT")
    answers = ("-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED")
    return {
        "what the stack sends out": ("-i", names.veth, *accept),
        "what answers the stack": ("-o", names.veth, *answers, *accept),
    }


async def _drops() -> bool:
    if not installed(_IPTABLES[0]):
        return False
    done = await run([*_IPTABLES, "--list-rules", _CHAIN], check=False, quiet=True)
    return f"-P {_CHAIN} DROP" in done.text.splitlines()


async def _missing(names: Names) -> list[tuple[str, Sequence[str]]]:
    there = await _present(names)
    return [(what, rule) for what, rule in rules(names).items() if rule not in there]


async def _present(names: Names) -> list[Sequence[str]]:
    if not installed(_IPTABLES[0]):
        return []
    looks = [
        (rule, await run([*_IPTABLES, "--check", _CHAIN, *rule], check=False, quiet=True))
        for rule in rules(names).values()
    ]
    return [rule for rule, done in looks if done.returncode == 0]
