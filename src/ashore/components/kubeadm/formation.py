"""How a control plane enters the cluster: with the first ones, or into one that exists."""

from collections.abc import Sequence
from enum import Enum

from ashore.components.kubeadm.etcd import Etcd, Member
from ashore.components.kubeadm.render import peer_url
from ashore.errors import AshoreError
from ashore.model.types import Machine
from ashore.together import together
from ashore.transport.base import Connect

_DATA = "/var/lib/etcd/member"
_MANIFEST = "/etc/kubernetes/manifests/etcd.yaml"


class Entry(Enum):
    """START: `kubeadm init`, as one of the first or with data of its own; JOIN: `kubeadm join`."""

    START = "start"
    JOIN = "join"


async def decide(
    machine: Machine, others: Sequence[Machine], connect: Connect, etcd: Etcd
) -> Entry:
    """Ask reality which way is right for a control plane, and clear the way.

    A member whose data is lost, or that stayed a learner, is removed: it can
    only come back as a new one.

    Raises:
        AshoreError: a cluster exists whose etcd does not answer, so neither is safe.
    """
    own, *elsewhere = await together(
        _has_data(connect, machine), *(_has_data(connect, other) for other in others)
    )
    holders = [other for other, data in zip(others, elsewhere, strict=True) if data]
    if not holders:
        return Entry.START
    addresses = [str(other.address) for other in holders]
    members = await etcd.members(addresses)
    if members is None:
        return await _without_answer(machine, holders, connect, own)
    member = next((m for m in members if peer_url(machine) in m.peer_urls), None)
    if member is None or _is_lost(member, own):
        if member is not None:
            await etcd.remove(addresses, member)
        if own:
            await connect(machine.name).run(["rm", "-rf", _DATA])
        return Entry.JOIN
    return Entry.START


def _is_lost(member: Member, has_data: bool) -> bool:
    return member.learner or (member.started and not has_data)


async def _without_answer(
    machine: Machine, holders: Sequence[Machine], connect: Connect, own: bool
) -> Entry:
    """No majority answers: right at a first start, if the others wait for this one."""
    if own:
        return Entry.START
    for other in holders:
        manifest = await connect(other.name).run(["cat", _MANIFEST], check=False)
        if f"{machine.name}={peer_url(machine)}" in manifest.text:
            return Entry.START
    names = ", ".join(other.name for other in holders)
    raise AshoreError(
        f"{machine.name}: the etcd on {names} holds a cluster but does not answer",
        "a majority of the control planes has to run before another one can join",
    )


async def _has_data(connect: Connect, machine: Machine) -> bool:
    found = await connect(machine.name).run(["test", "-e", _DATA], check=False)
    return found.returncode == 0
