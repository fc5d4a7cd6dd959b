"""How a control plane enters, for each state that reality can be in."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from ashore.components.kubeadm.etcd import Etcd, Member
from ashore.components.kubeadm.formation import Entry, decide
from ashore.errors import AshoreError
from ashore.host.run import Completed
from tests.unit.components.kubeadm.stack import demo

STACK = demo()
CP1, CP2, CP3 = (m for m in STACK.machines if m.name.startswith("cp"))


@dataclass
class Reality:
    """Machines that hold etcd data, the list that etcd gives, and what was done."""

    data: set[str] = field(default_factory=set[str])
    members: list[Member] | None = None
    manifest: str = ""
    removed: list[str] = field(default_factory=list[str])
    wiped: list[str] = field(default_factory=list[str])


class FakeTransport:
    def __init__(self, machine: str, reality: Reality) -> None:
        self.machine, self.reality = machine, reality

    async def run(self, argv: list[str], **_: Any) -> Completed:
        code, text = 0, ""
        if argv[0] == "test":
            code = 0 if self.machine in self.reality.data else 1
        elif argv[0] == "cat":
            text = self.reality.manifest
        elif argv[0] == "rm":
            self.reality.wiped.append(self.machine)
        return Completed(tuple(argv), code, text.encode(), b"", 0.0)


class FakeEtcd(Etcd):
    def __init__(self, reality: Reality) -> None:
        self.reality = reality

    async def members(self, addresses: Any) -> list[Member] | None:
        return self.reality.members

    async def remove(self, addresses: Any, member: Member) -> None:
        self.reality.removed.append(member.name)


def member(name: str, number: int, *, started: bool = True, learner: bool = False) -> Member:
    return Member(str(number), name, (f"https://10.77.0.2{number}:2380",), started, learner)


async def enter(reality: Reality) -> Entry:
    return await decide(
        CP3, (CP1, CP2), lambda name: FakeTransport(name, reality), FakeEtcd(reality)
    )


async def test_nobody_holds_data_a_new_cluster_starts() -> None:
    assert await enter(Reality()) is Entry.START


async def test_the_others_started_a_moment_earlier_and_wait_for_this_one() -> None:
    reality = Reality(data={"cp1", "cp2"}, manifest="cp3=https://10.77.0.23:2380")
    assert await enter(reality) is Entry.START


async def test_the_others_have_a_majority_and_this_one_never_ran() -> None:
    members = [member("cp1", 1), member("cp2", 2), member("", 3, started=False)]
    assert await enter(Reality(data={"cp1", "cp2"}, members=members)) is Entry.START


async def test_its_own_data_is_there_it_starts_again() -> None:
    members = [member("cp1", 1), member("cp2", 2), member("cp3", 3)]
    reality = Reality(data={"cp1", "cp2", "cp3"}, members=members)
    assert await enter(reality) is Entry.START
    assert reality.removed == []


async def test_a_cluster_without_it_is_joined() -> None:
    reality = Reality(data={"cp1"}, members=[member("cp1", 1)])
    assert await enter(reality) is Entry.JOIN
    assert reality.removed == []


async def test_lost_data_makes_a_new_member() -> None:
    members = [member("cp1", 1), member("cp2", 2), member("cp3", 3)]
    reality = Reality(data={"cp1", "cp2"}, members=members)
    assert await enter(reality) is Entry.JOIN
    assert reality.removed == ["cp3"]


async def test_a_join_that_was_interrupted_begins_anew() -> None:
    members = [member("cp1", 1), member("cp3", 3, learner=True)]
    reality = Reality(data={"cp1", "cp3"}, members=members)
    assert await enter(reality) is Entry.JOIN
    assert (reality.removed, reality.wiped) == (["cp3"], ["cp3"])


async def test_a_cluster_that_does_not_answer_is_not_guessed_at() -> None:
    reality = Reality(data={"cp1"}, manifest="cp1=https://10.77.0.21:2380")
    with pytest.raises(AshoreError, match="cp1 holds a cluster but does not answer"):
        await enter(reality)
