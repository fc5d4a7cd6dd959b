"""`console`: this terminal becomes a machine's serial console."""

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Generator
from pathlib import Path

from ashore.app.select import Chosen
from ashore.app.session import open_session
from ashore.drivers.base import Console, ConsoleLog, Driver, PowerState
from ashore.errors import AshoreError, ExitCode
from ashore.host.run import require_root

ESCAPE = b"\x1d"
"""Ctrl-], as telnet and virsh have it: what it is for no shell and no editor."""

_CHUNK = 4096


async def attach(chosen: Chosen, name: str) -> int:
    """Carry bytes both ways until the escape, the end of our input, or the machine's end.

    Raises:
        AshoreError: the driver's machines have no console, or the machine is not running.
    """
    require_root("console")
    driver = open_session(chosen).driver
    if chosen.stack.machine(name) is None:
        names = ", ".join(m.name for m in chosen.stack.machines)
        raise AshoreError(f"no machine {name}", f"there are: {names}", ExitCode.USAGE)
    if not isinstance(driver, Console):
        raise AshoreError(
            f"{name} has no serial console to open: it was made by the driver {driver.name}",
            _instead(driver, name),
            ExitCode.USAGE,
        )
    if (await driver.states()).get(name) is not PowerState.ON:
        raise AshoreError(f"{name} is not running", f"`ashore power on {name}` starts it")
    print(f"The console of {name}; Ctrl-] leaves it.", file=sys.stderr)  # noqa: T201
    with _raw(sys.stdin.fileno()):
        await _carry(driver.console(name))
    print(file=sys.stderr)  # noqa: T201
    return ExitCode.DONE


def _instead(driver: Driver, name: str) -> str:
    if isinstance(driver, ConsoleLog):
        return f"what it prints there is in {driver.console_log(name)}"
    return f"`ashore shell {name}` works before its network does"


@contextlib.contextmanager
def _raw(terminal: int) -> Generator[None]:
    """Every key goes to the machine, Ctrl-C too; nothing to do where it is no terminal."""
    if not os.isatty(terminal):
        yield
        return
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


async def _carry(socket: Path) -> None:
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError as error:
        raise AshoreError(
            f"{socket}: {error.strerror}", "is another `ashore console` open?"
        ) from error
    ended = asyncio.Event()
    loop, keys = asyncio.get_running_loop(), sys.stdin.fileno()

    def typed() -> None:
        data = os.read(keys, _CHUNK)
        before, escape, _ = data.partition(ESCAPE)
        writer.write(before)
        if escape or not data:
            ended.set()

    loop.add_reader(keys, typed)
    show = asyncio.create_task(_show(reader, ended))
    try:
        await ended.wait()
    finally:
        loop.remove_reader(keys)
        show.cancel()
        writer.close()


async def _show(reader: asyncio.StreamReader, ended: asyncio.Event) -> None:
    while data := await reader.read(_CHUNK):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    ended.set()
