"""A stack that a benchmark owns, driven by the program as users run it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import describe

_COMMAND = re.compile(r"^# exit -?\d+, ([0-9.]+) s$", re.MULTILINE)


@dataclass(frozen=True)
class Up:
    """One `up`: wall-clock seconds of the whole program, and what it says of itself.

    Attributes:
        commands: seconds in the commands of the steps on the critical path,
            from their logs: what typing the same by hand would take at least.
    """

    seconds: float
    changed: int
    commands: float
    path: list[tuple[str, float]]


class Stack:
    """Stack `bench`, with a state directory of its own."""

    def __init__(self, directory: Path, workers: int) -> None:
        self.file = directory / "stack.yaml"
        self.state = directory / "state"
        self.workers(workers)

    def workers(self, count: int) -> None:
        """Set the number of workers in the file."""
        self.file.write_text(
            "apiVersion: ashore/v1\nkind: Stack\nname: bench\n"
            "network: {cidr: 10.92.0.0/24, uplink: none}\n"
            f"machines:\n  worker: {{count: {count}, memory: 1GiB}}\n"
        )

    def run(self, *argv: str, code: int | None = 0) -> tuple[float, str]:
        """Seconds and standard output of a verb that has to end with a code; None for any."""
        started = time.monotonic()
        done = subprocess.run(
            _with_file(argv, self.file),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, "ASHORE_STATE": str(self.state)},
        )
        seconds = time.monotonic() - started
        if code is not None and done.returncode != code:
            raise SystemExit(
                f"ashore {' '.join(argv)}: exit {done.returncode}\n"
                f"{done.stderr}{done.stdout[-2000:]}"
            )
        return seconds, done.stdout

    def up(self) -> Up:
        """Run `up` and read its events."""
        seconds, out = self.run("up", "-o", "json")
        events: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
        end = next(e for e in reversed(events) if e["event"] == "RunDone")
        titles = {
            (f"{e['machine']}: " if e["machine"] else "") + e["title"]: e["key"]
            for e in events
            if e["event"] == "StepDone"
        }
        path = [(str(name), float(took)) for name, took in end["critical_path"]]
        return Up(
            seconds, end["changed"], sum(self._commands(titles.get(n)) for n, _ in path), path
        )

    def _commands(self, key: str | None) -> float:
        if key is None:
            return 0.0
        logs = sorted(self.state.glob(f"bench/logs/*/{key.replace('/', '.')}.log"))
        return sum(map(float, _COMMAND.findall(logs[-1].read_text()))) if logs else 0.0


@contextmanager
def own_stack(workers: int, *programs: str) -> Iterator[Stack]:
    """A stack file of its own; the stack goes down whatever happens.

    This computer is described before and after.

    Args:
        programs: of this computer, that the benchmark needs.
    """
    if os.geteuid() != 0:
        raise SystemExit("makes machines: needs root")
    for program in programs:
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed: apt-get install {program}")
    print(describe(), flush=True)
    directory = Path(tempfile.mkdtemp(prefix="ashore-bench-", dir="/var/tmp"))
    stack = Stack(directory, workers)
    try:
        yield stack
    finally:
        stack.run("down")
        shutil.rmtree(directory)
    print(describe())


def _with_file(argv: tuple[str, ...], file: Path) -> list[str]:
    """The command line; what comes after `--` is not for this program."""
    own = argv.index("--") if "--" in argv else len(argv)
    ashore = str(Path(sys.executable).parent / "ashore")
    return [ashore, *argv[:own], "--file", str(file), *argv[own:]]
