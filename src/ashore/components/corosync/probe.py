"""What Corosync says of membership and quorum."""

import re
from dataclasses import dataclass

from ashore.components.corosync.render import QNETD_PORT
from ashore.components.wait import ask
from ashore.transport.base import Connect


@dataclass(frozen=True, slots=True)
class Quorum:
    """The view of one node.

    `members` are node ids, `device` is True if the quorum device's vote is cast here.
    """

    quorate: bool
    members: tuple[int, ...]
    votes: int
    expected: int
    device: bool


async def quorum(connect: Connect, machine: str) -> Quorum | None:
    """Membership and votes as this node sees them; None if Corosync does not answer.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    done = await ask(connect, machine, ["corosync-quorumtool", "-s", "-p"])
    return parse(done.text) if done else None


def parse(text: str) -> Quorum | None:
    """What `corosync-quorumtool -s -p` prints."""
    fields = dict(re.findall(r"^([A-Z][A-Za-z ]+):\s+(.*?)\s*$", text, re.MULTILINE))
    if "Quorate" not in fields:
        return None
    members = re.findall(r"^\s*(\d+)\s+\d+\s+(\S+)", text, re.MULTILINE)
    # Flags of a node's own line: alive, voting, registered as "A,V,NMW".
    device = any(flags.startswith("A,V") for node, flags in members if node != "0")
    return Quorum(
        quorate=fields["Quorate"] == "Yes",
        members=tuple(int(node) for node, _ in members if node != "0"),
        votes=int(fields["Total votes"].split()[0]),
        expected=int(fields["Expected votes"].split()[0]),
        device=device,
    )


async def qnetd_listens(connect: Connect, machine: str) -> bool:
    """Whether the quorum device's server accepts connections.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    done = await connect(machine).run(
        ["cat", "/proc/net/tcp", "/proc/net/tcp6"], check=False, timeout=10
    )
    # Local address, then remote address, then state 0A: listening.
    return re.search(rf":{QNETD_PORT:04X} \S+ 0A ", done.text) is not None
