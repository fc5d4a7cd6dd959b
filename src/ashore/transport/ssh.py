"""Into a virtual machine by SSH: from this computer's link into the stack, or through another.

One connection carries every command: under software emulation the handshake of
each would cost a second. OpenSSH keeps it open in the background, for a while.
"""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from ashore.host.run import CommandFailed, Completed, run
from ashore.transport.base import MachineDown
from ashore.transport.shell import ENVIRONMENT, PUT

_PORT = 22
_FAILED = 255  # ssh(1): an error of ssh itself
_KILLED = 137  # timeout(1), when it sent SIGKILL
# Seconds that an emulated machine may take until it answers, on a host that boots five of
# them: 10 to connect and 30 between signs of life were too few. Who asks has a deadline too.
_CONNECT = 30
_KEPT = 60  # s, of a connection that nobody uses
_ALIVE = (15, 8)  # s between two signs of life, and how many may be missing
# A machine under software emulation takes its time to start a command.
_LATE = 20.0


@dataclass(frozen=True, slots=True)
class Login:
    """How this computer logs in to the machines of a stack.

    Attributes:
        key: file with the private key. known: file with the machines' host keys.
    """

    key: Path
    known: Path


@dataclass(frozen=True, slots=True)
class Way:
    """The way to one machine.

    Attributes:
        control: the socket of the connection that is kept.
        source: the address of this computer's link into the stack: the packets
            leave there or not at all. None for what is reached otherwise.
        through: the way to the machine that passes the connection on; None if
            this computer connects to the address itself.
    """

    machine: str
    address: IPv4Address
    control: Path
    source: IPv4Address | None = None
    port: int = 22
    through: "Way | None" = None


def command(way: Way, login: Login, *, terminal: bool = False) -> list[str]:
    """The beginning of the command; what runs on the machine follows as one argument."""
    kept = {
        "ControlMaster": "auto",
        "ControlPath": str(way.control),
        "ControlPersist": str(_KEPT),
    }
    return [*_argv(way, login, kept, *(["-t"] if terminal else [])), "--"]


def tunnel(way: Way, login: Login, device: int) -> list[str]:
    """The beginning of a command that lays a tunnel of layer 3 to the machine.

    What runs on the machine follows as one argument; it finds the name of its end in
    SSH_TUNNEL.

    Args:
        device: number of this computer's end: `tun7` is 7. It is made if it is not there.
    """
    options = {
        "ControlPath": "none",
        "ExitOnForwardFailure": "yes",
        "Tunnel": "point-to-point",
        "TunnelDevice": f"{device}:any",
    }
    return [*_argv(way, login, options), "--"]


def _argv(way: Way, login: Login, options: Mapping[str, str], *flags: str) -> list[str]:
    every = {
        **options,
        "BatchMode": "yes",
        "ConnectTimeout": str(_CONNECT),
        "HostKeyAlias": way.machine,
        "IdentitiesOnly": "yes",
        "IdentityFile": str(login.key),
        "LogLevel": "ERROR",
        "ServerAliveCountMax": str(_ALIVE[1]),
        "ServerAliveInterval": str(_ALIVE[0]),
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(login.known),
    }
    if way.source is not None:
        every["BindAddress"] = str(way.source)
    if way.port != _PORT:
        every["Port"] = str(way.port)
    if way.through is not None:
        every["ProxyCommand"] = _passing_on(way, way.through, login)
    given = [part for key in sorted(every) for part in ("-o", f"{key}={every[key]}")]
    return ["ssh", "-F", "none", *flags, *given, f"root@{way.address}"]


def _passing_on(way: Way, through: Way, login: Login) -> str:
    """The command whose input and output are the connection to the machine.

    Not the connection that is kept for commands: it lives as long as what it carries.
    """
    target = f"{way.address}:{way.port}"
    argv = _argv(through, login, {"ControlPath": "none"}, "-W", target)
    # A shell reads it, after ssh has read each %.
    return shlex.join(argv).replace("%", "%%")


class SshTransport:
    """A `Transport` to a virtual machine.

    Args:
        login: makes the files if they are not there yet.
        runs: whether the machine is running.
    """

    def __init__(self, way: Way, login: Callable[[], Login], runs: Callable[[], bool]) -> None:
        self.machine = way.machine
        self._way = way
        self._login = login
        self._runs = runs

    def argv(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> list[str]:
        """The command as it runs on this computer, to be exec'ed with the caller's terminal.

        Raises:
            MachineDown: it is not running.
        """
        terminal = os.isatty(0) and os.isatty(1)
        return [*self._ssh(terminal=terminal), _remote(command, env)]

    def inside(self, command: Sequence[str]) -> list[str]:
        """The same without a terminal: its input and output are pipes of the caller."""
        return [*self._ssh(terminal=False), _remote(command)]

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float = 60.0,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        """See `Transport.run`."""
        return await self._run(argv, stdin=stdin, timeout=timeout, check=check, env=env)

    async def put(
        self, path: str, content: bytes, *, mode: int = 0o644, owner: str = "root:root"
    ) -> None:
        """See `Transport.put`."""
        await self._run(["sh", "-c", PUT, "sh", path, f"{mode:04o}", owner], stdin=content)

    async def get(self, path: str) -> bytes:
        """See `Transport.get`."""
        return (await self._run(["cat", path], quiet=True)).stdout

    def _ssh(self, *, terminal: bool) -> list[str]:
        if not self._runs():
            raise MachineDown(self.machine, "the machine is not running")
        return command(self._way, self._login(), terminal=terminal)

    async def _run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float = 60.0,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        quiet: bool = False,
    ) -> Completed:
        # Ended on the machine itself: it would go on there if only this end was killed.
        ended = ["timeout", "--signal=KILL", f"{timeout:g}", *argv]
        # `timeout` dies by its own SIGKILL. ssh would tell that as an error of its own, so a
        # shell stays to tell it.
        line = [*self._ssh(terminal=False), f"{_quoted(ended, env)}; exit $?"]
        done = await self._ask(line, stdin, timeout + _LATE, quiet=quiet)
        if done.returncode == _KILLED and done.seconds >= timeout:
            what = f"no end after {timeout:g} s on {self.machine}: {shlex.join(argv)}"
            raise CommandFailed(what, "", None)
        if check and done.returncode != 0:
            said = "" if quiet else (done.stderr or done.stdout).decode(errors="replace").strip()
            what = f"{self.machine}: exit {done.returncode}: {shlex.join(argv)}\n{said}"
            raise CommandFailed(what.rstrip(), "", done)
        return done

    async def _ask(
        self, line: list[str], stdin: bytes | None, timeout: float, *, quiet: bool
    ) -> Completed:
        try:
            done = await run(line, stdin=stdin, timeout=timeout, check=False, quiet=quiet)
        except CommandFailed as error:
            raise MachineDown(self.machine, self._away("no answer")) from error
        if done.returncode != _FAILED:
            return done
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no answer"]
        raise MachineDown(self.machine, self._away(said[0]))

    def _away(self, said: str) -> str:
        """Why nothing can be asked of the machine, which may just be booting."""
        return f"not reached by SSH: {said}" if self._runs() else "the machine went down"


def _remote(command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """The one argument that the machine's shell reads."""
    return f"exec {_quoted(command, env)}"


def _quoted(command: Sequence[str], env: Mapping[str, str] | None) -> str:
    variables = [f"{k}={v}" for k, v in (ENVIRONMENT | dict(env or {})).items()]
    return shlex.join(["/usr/bin/env", "-i", *variables, *command])


async def close(control: Path) -> None:
    """End the connection that is kept, if there is one."""
    if control.exists():
        argv = ["ssh", "-F", "none", "-o", f"ControlPath={control}", "-O", "exit", "machine"]
        await run(argv, check=False, timeout=5)
        control.unlink(missing_ok=True)
