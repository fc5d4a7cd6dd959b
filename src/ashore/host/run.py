"""The one way in which the program starts another program on this computer."""

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import BinaryIO

from ashore.errors import AshoreError, ExitCode
from ashore.patience import VARIABLE, patience

# The environment is rebuilt from this list: what a user's shell exports must
# not change what a step does. Proxy and registry settings have to pass, or
# package clients behind a proxy cannot work.
_ENVIRONMENT = (
    "HOME",
    "PATH",
    "TERM",
    "TMPDIR",
    VARIABLE,
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "GOPROXY",
    "GONOSUMDB",
    "GONOSUMCHECK",
    "GOSUMDB",
    "GOFLAGS",
    "PIP_INDEX_URL",
    "PIP_CERT",
    "PIP_FIND_LINKS",
)

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"

command_log: ContextVar[Callable[[str], None] | None] = ContextVar("command_log", default=None)
"""Where pasteable command lines and captured output of the current step go."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended. `seconds` is wall-clock time."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def text(self) -> str:
        """Standard output as text, without the final newline."""
        return self.stdout.decode(errors="replace").rstrip("\n")


class CommandFailed(AshoreError):
    """A command could not start, ran out of time, or returned non-zero.

    `completed` is None if it never started.
    """

    def __init__(self, message: str, hint: str, completed: Completed | None) -> None:
        super().__init__(message, hint)
        self.completed = completed


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The rebuilt environment of every child: a short allow-list, C.UTF-8, sbin on PATH."""
    env = {k: os.environ[k] for k in _ENVIRONMENT if k in os.environ}
    env["PATH"] = f"{env.get('PATH', '/usr/local/bin:/usr/bin:/bin')}:{_SBIN}"
    env["LC_ALL"] = "C.UTF-8"
    env.setdefault("HOME", "/root")
    env.update(extra or {})
    return env


def installed(program: str) -> bool:
    """Whether `run` would find the program: in sbin too, which is not on every user's path."""
    return shutil.which(program, path=environment()["PATH"]) is not None


def _log(line: str) -> None:
    sink = command_log.get()
    if sink is not None:
        sink(line)


def _tail(data: bytes, lines: int = 12) -> str:
    return "\n".join(data.decode(errors="replace").strip().splitlines()[-lines:])


async def run(
    argv: Sequence[str],
    *,
    stdin: bytes | BinaryIO | None = None,
    timeout: float = 60.0,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    quiet: bool = False,
) -> Completed:
    """Run a program to its end and capture what it prints.

    The child gets its own process group, so that a time-out or a cancelled
    task ends all of it. Standard input is closed unless `stdin` is given.

    Args:
        stdin: what the program reads; of an open file, from where it stands, and
            its position tells how far the program is.
        timeout: seconds until the process group is killed, longer by `patience`.
        check: raise on a non-zero return code.
        quiet: keep the output out of the log (secrets).

    Raises:
        CommandFailed: not started, timed out, or non-zero with `check`.
    """
    line = shlex.join(argv)
    given = stdin if isinstance(stdin, bytes) else None
    _log(f"$ {line}")
    started, timeout = time.monotonic(), timeout * patience()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE if isinstance(stdin, bytes) else stdin or DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(env),
            cwd=cwd,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise CommandFailed(
            f"{argv[0]}: not found on this host",
            "run `ashore doctor` to see which packages are missing",
            None,
        ) from error
    try:
        async with asyncio.timeout(timeout):
            stdout, stderr = await process.communicate(given)
    except BaseException as error:
        await _end(process)
        if isinstance(error, TimeoutError):
            raise CommandFailed(f"no end after {timeout:.0f} s: {line}", "", None) from error
        raise
    took = time.monotonic() - started
    done = Completed(tuple(argv), process.returncode or 0, stdout, stderr, took)
    _record(done, quiet)
    if check and done.returncode != 0:
        tail = "" if quiet else _tail(done.stderr or done.stdout)
        raise CommandFailed(f"exit {done.returncode}: {line}\n{tail}".rstrip(), "", done)
    return done


def _record(done: Completed, quiet: bool) -> None:
    if not quiet:
        for stream in (done.stdout, done.stderr):
            if stream.strip():
                _log(stream.decode(errors="replace").rstrip("\n"))
    _log(f"# exit {done.returncode}, {done.seconds:.3f} s")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the child's whole process group and reap the child."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def require_root(what: str) -> None:
    """Raise exit code 3 unless this process is root."""
    if os.geteuid() != 0:
        raise AshoreError(f"{what} needs root", f"sudo ashore {what}", ExitCode.HOST)
