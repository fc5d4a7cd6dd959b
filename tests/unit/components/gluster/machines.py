"""Storage machines that answer from tables."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ashore.model.host import HostFacts
from ashore.model.load import loads_stack
from ashore.model.types import Role, Stack
from ashore.plan.step import Context
from ashore.transport.fake import RecordingTransport

GOLDEN = Path(__file__).parent / "golden"
ABSENT = "<cliOutput><opRet>-1</opRet><opErrstr>Volume does not exist</opErrstr></cliOutput>"
ONLINE = "<cliOutput><opRet>0</opRet></cliOutput>"


def pool(own: str, *others: tuple[str, str, bool]) -> str:
    """A pool list: the machine's UUID, then UUID, address and reachability of others."""
    seen = [(own, "localhost", True), *others]
    peers = "".join(
        f"<peer><uuid>{uuid}</uuid><hostnames><hostname>{name}</hostname></hostnames>"
        f"<connected>{int(connected)}</connected></peer>"
        for uuid, name, connected in seen
    )
    return f"<?xml version='1.0'?><cliOutput><opRet>0</opRet>{peers}</cliOutput>"


@dataclass
class Machines:
    """One recording transport for each machine."""

    stack: Stack = field(default_factory=lambda: loads_stack("{}"))
    of: dict[str, RecordingTransport] = field(
        default_factory=lambda: defaultdict(RecordingTransport)
    )

    def connect(self, name: str) -> RecordingTransport:
        return self.of[name]

    def everywhere(self, pattern: str, stdout: str) -> None:
        for machine in self.stack.of_role(Role.STORAGE):
            self.of[machine.name].answer(pattern, stdout)

    def commands(self, name: str, word: str) -> list[str]:
        """What a machine was asked that contains a word."""
        return [line for line in self.of[name].commands if word in line]

    @property
    def context(self) -> Context:
        events: list[Any] = []
        return cast(
            "Context",
            Context(
                stack=self.stack,
                connect=self.connect,
                secrets=cast("Any", None),
                files=Path("/nowhere"),
                emit=events.append,
                upstream=None,
                facts=HostFacts(cgroup=2, cap_sys_resource=True),
            ),
        )
