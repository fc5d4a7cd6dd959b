"""What HAProxy says of its backends, through its stats socket."""

import csv
from dataclasses import dataclass

from ashore.components.haproxy.render import SOCKET
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
    done = await connect(machine).run(
        ["socat", "-t1", "-", f"UNIX-CONNECT:{SOCKET}"], stdin=_COMMAND, check=False, timeout=5
    )
    if done.returncode != 0:
        return None
    return parse(done.text)


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
