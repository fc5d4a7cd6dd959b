import shlex
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from ashore.transport import ssh
from ashore.transport.base import CommandFailed, Completed, MachineDown
from ashore.transport.ssh import Login, SshTransport, Way

WAY = Way("lb1", IPv4Address("10.77.0.11"), Path("/state/ssh.sock"), IPv4Address("10.77.0.1"))


class Host:
    """Stands in for ssh on this computer, and for whether the machine runs."""

    def __init__(self) -> None:
        self.runs = True
        self.code = 0
        self.stderr = b""
        self.seconds = 0.1
        self.lines: list[list[str]] = []

    async def run(self, argv: Sequence[str], **_: Any) -> Completed:
        self.lines.append(list(argv))
        return Completed(tuple(argv), self.code, b"out", self.stderr, self.seconds)

    def transport(self) -> SshTransport:
        return SshTransport(WAY, lambda: Login(Path("/key"), Path("/known")), lambda: self.runs)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr(ssh, "run", host.run)
    return host


async def test_a_command_is_one_argument_that_the_machine_ends_itself(host: Host) -> None:
    await host.transport().run(["echo", "a b", "$HOME"], timeout=7, env={"X": "1"})
    (line,) = host.lines
    assert line[-3:-1] == ["root@10.77.0.11", "--"]
    assert line[-1].startswith("/usr/bin/env -i PATH=")
    assert line[-1].endswith("X=1 timeout --signal=KILL 7 echo 'a b' '$HOME'; exit $?")


async def test_a_machine_that_is_off_is_not_asked(host: Host) -> None:
    host.runs = False
    with pytest.raises(MachineDown):
        await host.transport().run(["true"])
    with pytest.raises(MachineDown):
        host.transport().argv(["true"])
    assert host.lines == []


async def test_a_return_code_is_the_commands(host: Host) -> None:
    host.code, host.stderr = 3, b"no such luck\n"
    assert (await host.transport().run(["false"], check=False)).returncode == 3
    with pytest.raises(CommandFailed, match="no such luck"):
        await host.transport().run(["false"])


async def test_no_connection_is_no_return_code(host: Host) -> None:
    host.code, host.stderr = 255, b"ssh: connect to host: No route to host\n"
    with pytest.raises(MachineDown, match=r"lb1: not reached by SSH: .*No route to host"):
        await host.transport().run(["true"], check=False)


async def test_a_machine_that_goes_down_meanwhile_is_told(host: Host) -> None:
    answers = iter([True, False])
    login = Login(Path("/key"), Path("/known"))
    transport = SshTransport(WAY, lambda: login, lambda: next(answers))
    host.code = 255
    with pytest.raises(MachineDown, match="lb1: the machine went down"):
        await transport.run(["true"])


async def test_a_command_that_was_ended_failed(host: Host) -> None:
    host.code, host.seconds = 137, 8.0
    with pytest.raises(CommandFailed, match="no end after 7 s"):
        await host.transport().run(["sleep", "60"], timeout=7, check=False)
    host.seconds = 0.1  # killed by somebody else
    assert (await host.transport().run(["x"], timeout=7, check=False)).returncode == 137


def test_through_another_machine_and_through_a_port_of_this_computer() -> None:
    login = Login(Path("/key"), Path("/100%/known"))
    gateway = Way("gw", IPv4Address("127.0.0.1"), Path("/state/gw.sock"), port=22913)
    line = ssh.command(gateway, login)
    assert line[-2:] == ["root@127.0.0.1", "--"]
    assert {"Port=22913", "HostKeyAlias=gw"} <= set(line)
    assert not [word for word in line if word.startswith(("BindAddress=", "ProxyCommand="))]
    way = Way("cp1", IPv4Address("10.77.0.21"), Path("/state/cp1.sock"), through=gateway)
    line = ssh.command(way, login)
    (proxy,) = [word for word in line if word.startswith("ProxyCommand=")]
    passed = shlex.split(proxy.removeprefix("ProxyCommand=").replace("%%", "%"))
    assert passed[:5] == ["ssh", "-F", "none", "-W", "10.77.0.21:22"]
    assert passed[-1] == "root@127.0.0.1"
    hosts = "UserKnownHostsFile=/100%/known"
    assert {"Port=22913", "HostKeyAlias=gw", "ControlPath=none", hosts} <= set(passed)
    assert "/100%%/known" in proxy
    assert {"HostKeyAlias=cp1", "ControlPath=/state/cp1.sock"} <= set(line)


def test_a_tunnel_has_a_connection_of_its_own() -> None:
    gateway = Way("gw", IPv4Address("127.0.0.1"), Path("/state/gw.sock"), port=22913)
    line = ssh.tunnel(gateway, Login(Path("/key"), Path("/known")), 22913)
    wanted = {"Tunnel=point-to-point", "TunnelDevice=22913:any", "ExitOnForwardFailure=yes"}
    assert {*wanted, "ControlPath=none", "Port=22913"} <= set(line)
    assert line[-2:] == ["root@127.0.0.1", "--"]
