import asyncio
import os
import signal
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from ashore.app import packages
from ashore.app.packages import install, missing
from ashore.cli.common import drive
from ashore.drivers.base import Finding, Level
from ashore.errors import AshoreError, ExitCode
from ashore.events import ignore


def test_packages_of_errors_once_each_and_none_of_warnings() -> None:
    found = [
        Finding("a", Level.ERROR, "", packages=("x", "y")),
        Finding("b", Level.WARNING, "", packages=("z",)),
        Finding("c", Level.ERROR, "", packages=("y",)),
        Finding("d", Level.OK, ""),
    ]
    assert missing(found) == ("x", "y")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What `install` runs."""
    done: list[tuple[str, ...]] = []

    async def run(command: tuple[str, ...], **_: Any) -> None:
        done.append(command)

    monkeypatch.setattr(packages, "run", run)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    return done


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Generator[int]:
    """The end of a pipe into which the user types."""
    keys, typed = os.pipe()
    with os.fdopen(keys) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield typed
    os.close(typed)


@pytest.mark.parametrize("answer", [b"\n", b"y\n", b" Yes\n"])
async def test_a_yes_installs(commands: list[tuple[str, ...]], typed: int, answer: bytes) -> None:
    os.write(typed, answer)
    await install(("qemu",), ignore, ask=True)
    assert commands[0][-2:] == ("install", "qemu")


async def test_a_line_may_come_in_pieces(commands: list[tuple[str, ...]], typed: int) -> None:
    os.write(typed, b"y")
    rest = threading.Timer(0.01, os.write, (typed, b"es\n"))
    rest.start()
    await install(("qemu",), ignore, ask=True)
    rest.join()
    assert commands


async def test_anything_else_does_not(commands: list[tuple[str, ...]], typed: int) -> None:
    os.write(typed, b"what?\n")
    with pytest.raises(AshoreError, match="not installed"):
        await install(("qemu",), ignore, ask=True)
    assert not commands


@pytest.mark.parametrize("nothing", ["/dev/null", "empty"])
async def test_the_end_of_input_is_no_yes(
    commands: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    nothing: str,
) -> None:
    (tmp_path / "empty").touch()
    with (tmp_path / nothing).open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(AshoreError) as refused:
            await install(("qemu",), ignore, ask=True)
    assert refused.value.exit_code is ExitCode.HOST
    assert not commands


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_question_can_be_interrupted(
    commands: list[tuple[str, ...]], typed: int, number: int
) -> None:
    async def asking() -> int:
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), number)
        await install(("qemu",), ignore, ask=True)
        return 0

    # Ends a question that signals do not end, so that this fails and does not hang.
    late = threading.Timer(10.0, os.write, (typed, b"no\n"))
    late.start()
    try:
        assert drive(asking()) == ExitCode.INTERRUPTED
    finally:
        late.cancel()
        late.join()
    assert not commands
