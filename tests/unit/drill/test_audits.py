"""Audits on what machines would say."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ashore.components.pacemaker.probe import Cluster, Resource
from ashore.drill.audits import cluster, writes
from ashore.drill.audits.cluster import digest, judge, same
from ashore.drill.gaps import Sample
from ashore.drill.verdict import Verdict
from tests.unit.drill.fakes import Lab

GOOD = Cluster(
    quorate=True,
    dc="lb1",
    online=("lb1", "lb2"),
    resources=(
        Resource("floating-ip", "lb1", failed=False),
        Resource("haproxy", "lb1", failed=False),
        Resource("haproxy", "lb2", failed=False),
    ),
    failures=(),
    fencing=True,
)


def verdicts(**views: Cluster | None) -> list[Verdict]:
    return [check.verdict for check in judge(views)]


P, F = Verdict.PASS, Verdict.FAIL


def test_members_that_agree() -> None:
    assert verdicts(lb1=GOOD, lb2=GOOD) == [P, P, P]


@pytest.mark.parametrize("dc", ["lb2", None])
def test_members_that_do_not_agree_on_the_dc(dc: str | None) -> None:
    assert verdicts(lb1=GOOD, lb2=replace(GOOD, dc=dc)) == [F, P, P]


def test_a_primitive_on_two_nodes_or_none() -> None:
    both = (*GOOD.resources, Resource("floating-ip", "lb2", failed=False))
    assert verdicts(lb1=GOOD, lb2=replace(GOOD, resources=both)) == [P, F, F]
    assert verdicts(lb1=GOOD, lb2=replace(GOOD, resources=GOOD.resources[1:])) == [P, F, F]


def test_a_floating_ip_without_its_haproxy() -> None:
    alone = (GOOD.resources[0], Resource("haproxy", "lb1", failed=True), GOOD.resources[2])
    assert verdicts(lb1=replace(GOOD, resources=alone)) == [P, P, F]


def test_a_member_that_says_nothing() -> None:
    assert verdicts(lb1=GOOD, lb2=None) == [F]


def test_cibs() -> None:
    first = digest('<cib epoch="5" cib-last-written="now" update-origin="lb1">\n<a/></cib>')
    assert first == digest('<cib epoch="5" cib-last-written="then">\n<a/></cib>')
    assert first != digest('<cib epoch="5">\n<b/></cib>')
    assert same({"lb1": "a", "lb2": "a"}).verdict is P
    assert same({"lb1": "a", "lb2": "b"}).verdict is F
    assert same({"lb1": "a", "lb2": ""}).verdict is Verdict.UNKNOWN


async def test_logs(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_AGREE", 0.0)
    lab.machine.answer("crm_mon*", returncode=1)
    lab.machine.answer("cibadmin*", "<cib x='1'><a/></cib>")
    lab.machine.answer("journalctl*", "notice: fine\nerror: pcmk_foo: assertion failed: x\n")
    *_, logs = await cluster.audit(lab.world(), datetime(2026, 11, 25, tzinfo=UTC))
    assert logs.verdict is F
    assert logs.detail.startswith("lb1: error: pcmk_foo")
    assert any("--since @1795564800" in line for line in lab.machine.commands)


def acknowledged(*keys: str) -> list[Sample]:
    return [Sample(0, 0, 1, detail=key) for key in keys]


def test_acknowledged_writes_are_all_there() -> None:
    lost = Sample(0, 0, 1, "timed out")
    assert writes.check([*acknowledged("n1", "n3"), lost], ["n1", "n2", "n3"]).verdict is P


def test_a_missing_write_fails_and_is_named() -> None:
    found = writes.check(acknowledged("n1", "n2"), ["n2"])
    assert (found.verdict, found.detail) == (F, "1 of 2 are missing: n1")


def test_without_an_acknowledgement_nothing_is_known() -> None:
    assert writes.check([Sample(0, 0, 1, "reset")], []).verdict is Verdict.UNKNOWN
