from pathlib import Path

import pytest

from ashore.transport import nsenter
from ashore.transport.base import CommandFailed, MachineDown
from ashore.transport.nsenter import NsenterTransport

JOINS = (Path("/sys/fs/cgroup/memory/a/cgroup.procs"), Path("/sys/fs/cgroup/cpu/a b/cgroup.procs"))


def transport(leader: int | None) -> NsenterTransport:
    return NsenterTransport("cp1", lambda: leader, lambda: JOINS)


def test_a_command_joins_the_groups_and_enters_the_namespaces() -> None:
    argv = transport(4711).argv(["echo", "a b"], {"TERM": "xterm"})
    assert argv[:2] == ["sh", "-c"]
    assert "'/sys/fs/cgroup/cpu/a b/cgroup.procs'" in argv[2]
    assert argv[3:6] == ["sh", "nsenter", "--target=4711"]
    assert "--user" not in argv
    assert argv.index("--no-fork") < argv.index("/usr/bin/unshare")
    assert "TERM=xterm" in argv
    assert "TERM=dumb" not in argv
    assert argv[-2:] == ["echo", "a b"]


async def test_a_machine_that_is_off_is_told() -> None:
    with pytest.raises(MachineDown, match="cp1: the machine is not running"):
        await transport(None).run(["true"])
    with pytest.raises(MachineDown):
        await transport(None).put("/x", b"")


async def test_a_machine_that_goes_down_meanwhile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    leaders: list[int | None] = [4711, None]

    async def dies(argv: list[str], **_: object) -> None:
        raise CommandFailed("exit 137", "", None)

    monkeypatch.setattr(nsenter, "run", dies)
    machine = NsenterTransport("cp1", lambda: leaders.pop(0), lambda: JOINS)
    with pytest.raises(MachineDown, match="went down"):
        await machine.run(["true"])
