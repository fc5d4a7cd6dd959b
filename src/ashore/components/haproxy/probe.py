"""What HAProxy says of its backends, through its stats socket."""

import csv
from dataclasses import dataclass

from ashore.components.haproxy.render import SOCKET
from ashore.components.wait import ask
from ashore.transport.base import Connect

# Arguments of `show stat`: every proxy, servers only (4), every server.
_COMMAND = b"show stat -1 4 -1\n"


@dataclass(frozen=True, slots=True)
class Backend:
    """One server behind the load balancer.

    `up` is the checks' verdict, `check` the last check's result (`L7OK/200`).
    """

    name: str
    up: bool
    check: str


async def backends(connect: Connect, machine: str) -> tuple[Backend, ...] | None:
    """The servers as this HAProxy sees them; None if it does not answer.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    argv = ["socat", "-t1", "-", f"UNIX-CONNECT:{SOCKET}"]
    done = await ask(connect, machine, argv, stdin=_COMMAND)
    # A process that hangs accepts the question and says nothing.
    return parse(done.text) if done and done.text else None


def parse(text: str) -> tuple[Backend, ...]:
    """The table that `show stat` prints."""
    rows = csv.DictReader(text.removeprefix("# ").splitlines())
    return tuple(
        Backend(
            row["svname"],
            row["status"].startswith("UP"),
            "/".join(
                part for part in (row["check_status"].removeprefix("* "), row["check_code"]) if part
            ),
        )
        for row in rows
    )
