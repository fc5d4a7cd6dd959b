"""The load balancers' cluster agrees with itself: Pacemaker's own lab asks the same."""

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping
from datetime import datetime

from ashore.components.pacemaker import probe as pacemaker
from ashore.components.pacemaker.cib import HAPROXY, IP
from ashore.drill.fault import World
from ashore.drill.verdict import Check, Verdict
from ashore.model.types import Role
from ashore.together import together

_AGREE = 15.0  # s; changes of the CIB are on their way for some milliseconds

_MATTERS = re.compile(
    r"\bassert|core dump|segfault|corrupt|Traceback|error: .*(invalid|unparsable)"
)
"""In a log line: never the consequence of a fault that the cluster is built for."""


async def audit(world: World, since: datetime) -> list[Check]:
    """One DC, identical CIBs, every primitive on one node, colocation kept, clean logs.

    Args:
        since: logs from then on are read.
    """
    machines = [m.name for m in world.stack.of_role(Role.LOADBALANCER)]
    if not machines:
        return []
    agreement = await _agreement(world, machines)
    return [*agreement, await _logs(world, machines, since)]


async def _agreement(world: World, machines: list[str]) -> list[Check]:
    """Ask until everything agrees or the time is over; the last answer counts."""
    deadline = time.monotonic() + _AGREE
    while True:
        views = dict(
            zip(
                machines,
                await together(*(pacemaker.cluster(world.connect, m) for m in machines)),
                strict=True,
            )
        )
        digests = await together(*(_cib(world, m) for m in machines))
        found = [*judge(views), same(dict(zip(machines, digests, strict=True)))]
        wrong = any(c.verdict is not Verdict.PASS for c in found)
        if not wrong or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.25)


def judge(views: Mapping[str, pacemaker.Cluster | None]) -> list[Check]:
    """Hold the members' views of the cluster against each other."""
    silent = [name for name, view in views.items() if view is None]
    if silent:
        return [Check("one DC", Verdict.FAIL, f"Pacemaker is silent on {', '.join(silent)}")]
    seen = {name: view for name, view in views.items() if view is not None}
    dcs = {name: view.dc for name, view in seen.items()}
    agreed = len(set(dcs.values())) == 1 and None not in dcs.values()
    told = ", ".join(f"{name} says {dc or 'none'}" for name, dc in dcs.items())
    places = {name: _places(view, IP) for name, view in seen.items()}
    proxies = {name: _places(view, HAPROXY) for name, view in seen.items()}
    one = all(len(nodes) == 1 for nodes in places.values())
    kept = all(set(places[name]) <= set(proxies[name]) for name in seen)
    return [
        Check("one DC", _passes(agreed), told),
        Check(f"{IP} on one node", _passes(one), _tell(places)),
        Check(f"{IP} beside a running {HAPROXY}", _passes(one and kept), _tell(proxies)),
    ]


def _places(view: pacemaker.Cluster, resource: str) -> list[str]:
    return [r.node for r in view.resources if r.name == resource and r.node and not r.failed]


def _tell(places: Mapping[str, list[str]]) -> str:
    return ", ".join(f"{n} sees it on {' and '.join(p) or 'no node'}" for n, p in places.items())


def _passes(right: bool) -> Verdict:
    return Verdict.PASS if right else Verdict.FAIL


def same(digests: Mapping[str, str]) -> Check:
    """The members' CIBs are identical."""
    told = ", ".join(f"{name} {digest[:8] or 'none'}" for name, digest in digests.items())
    verdict = Verdict.PASS if len(set(digests.values())) == 1 else Verdict.FAIL
    if not all(digests.values()):
        verdict = Verdict.UNKNOWN
    return Check("identical CIBs", verdict, told)


async def _cib(world: World, machine: str) -> str:
    done = await world.connect(machine).run(
        ["cibadmin", "--query", "--local"], check=False, timeout=10
    )
    return "" if done.returncode else digest(done.text)


def digest(cib: str) -> str:
    """Of a CIB, without what each member writes into its own copy's first line."""
    body = re.sub(r"\A.*?<cib [^>]*>", "", cib, flags=re.DOTALL)
    return hashlib.sha256(body.encode()).hexdigest()


async def _logs(world: World, machines: list[str], since: datetime) -> Check:
    argv = [
        "journalctl", "-u", "pacemaker", "-u", "corosync", "-u", "corosync-qdevice",
        "-o", "cat", "--no-pager", "--since", f"@{since.timestamp():.0f}",
    ]  # fmt: skip
    found: list[str] = []
    for machine in machines:
        done = await world.connect(machine).run(argv, timeout=20)
        found += [f"{machine}: {line}" for line in done.text.splitlines() if _MATTERS.search(line)]
    what = "the cluster's logs are free of errors that matter"
    return Check(what, Verdict.FAIL if found else Verdict.PASS, "\n".join(found[:10]) or "none")
