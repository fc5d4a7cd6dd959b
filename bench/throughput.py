"""`make bench-throughput`: the API through HAProxy against the API direct, by wrk in the fabric."""

import argparse
import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from statistics import median

from ashore.app.select import Chosen
from ashore.app.session import open_session
from ashore.host.run import run
from ashore.model.addresses import DRILL
from ashore.model.load import load_stack
from ashore.model.types import Role
from ashore.state.paths import StackState, cache_root
from ashore.together import together
from bench.stack import Stack, own_stack

AIM = 0.9
"""Requests a second through HAProxy, as a part of those that a client gets direct."""

_CLIENT = "wrk"
_MODES = {"kept connections": [], "new connections": ["-H", "Connection: close"]}
_FIGURE = re.compile(r"^\s*(Requests/sec:|50%|99%|Socket errors:|Non-2xx)\s*(.*)$", re.MULTILINE)
_UNIT = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: requests a second, median and 99th percentile of latency in ms, what went wrong."""

    rate: float
    median: float
    p99: float
    errors: str


@dataclass(frozen=True, slots=True)
class Found:
    """Runs by what the client spoke to.

    Attributes:
        single: one API server, direct. spread: all of them at once, direct, the
            connections shared between them, which is what HAProxy does.
        through: HAProxy.
    """

    single: list[Figures] = field(default_factory=list[Figures])
    spread: list[Figures] = field(default_factory=list[Figures])
    through: list[Figures] = field(default_factory=list[Figures])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each target")
    parser.add_argument("--seconds", type=int, default=5, help="of a run")
    parser.add_argument("--connections", type=int, default=16)
    chosen = parser.parse_args()
    with own_stack(0, "wrk") as stack:
        stack.up()
        asyncio.run(_measure(stack, chosen.runs, chosen.seconds, chosen.connections))


async def _measure(stack: Stack, runs: int, seconds: int, connections: int) -> None:
    model = load_stack(stack.file)
    state = StackState(stack.state / model.name)
    session = open_session(Chosen(model, str(stack.file), "", state, cache_root()))
    network = model.network
    address = IPv4Interface(f"{network.cidr[DRILL.first]}/{network.cidr.prefixlen}")
    enter = await session.driver.guest_add(_CLIENT, address)
    planes = [m.address for m in model.of_role(Role.CONTROLPLANE)]
    load = ["-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    try:
        for mode, options in _MODES.items():
            found = Found()
            share = ["-t1", f"-c{max(1, connections // len(planes))}", *load[2:], *options]
            # One after the other in turn, so that a busy moment of this computer meets all.
            for _ in range(runs):
                found.single.extend([await wrk(enter, [*load, *options], _url(p)) for p in planes])
                at_once = [wrk(enter, share, _url(each)) for each in planes]
                found.spread.append(_sum(await together(*at_once)))
                found.through.append(await wrk(enter, [*load, *options], _url(network.floating)))
            _print(mode, found)
    finally:
        await session.driver.guest_remove(_CLIENT)


async def wrk(enter: tuple[str, ...], options: list[str], url: str) -> Figures:
    """One run of wrk in a client's namespace."""
    done = await run([*enter, "wrk", *options, url], timeout=120)
    found = dict(_FIGURE.findall(done.text))
    errors = "; ".join(f"{k} {v}" for k, v in found.items() if k.startswith(("Socket", "Non")))
    return Figures(float(found["Requests/sec:"]), _ms(found["50%"]), _ms(found["99%"]), errors)


def _url(target: IPv4Address) -> str:
    return f"https://{target}:6443/version"


def _ms(text: str) -> float:
    """Milliseconds of what wrk prints: `1.24ms`."""
    number = text.strip()
    unit = next(each for each in _UNIT if number.endswith(each))
    return float(number.removesuffix(unit)) * _UNIT[unit]


def _sum(parts: Sequence[Figures]) -> Figures:
    """What several clients at once got together; latencies are the worst one's."""
    return Figures(
        sum(p.rate for p in parts),
        max(p.median for p in parts),
        max(p.p99 for p in parts),
        "; ".join(p.errors for p in parts if p.errors),
    )


def _print(mode: str, found: Found) -> None:
    print(f"\n{mode}: medians (lowest to highest)")
    rows = {
        "direct, one": found.single,
        "direct, all": found.spread,
        "HAProxy": found.through,
    }
    for name, figures in rows.items():
        rates = [f.rate for f in figures]
        print(
            f"  {name:<11} {median(rates):>7.0f} requests/s ({min(rates):.0f} to {max(rates):.0f}),"
            f" latency {median(f.median for f in figures):.2f} ms,"
            f" 99th {median(f.p99 for f in figures):.2f} ms"
        )
        for error in {f.errors for f in figures if f.errors}:
            print(f"              {error}")
    through = median(f.rate for f in found.through)
    for name, figures in (("one", found.single), ("all", found.spread)):
        ratio = through / median(f.rate for f in figures)
        print(f"  through HAProxy: {ratio:.2f} of direct to {name} (aim {AIM})")


if __name__ == "__main__":
    main()
