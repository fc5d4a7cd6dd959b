"""Real stacks for the machine tests: made once, removed whatever happens."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.machine.host import power_cut
from tests.machine.leftovers import snapshot

ROOT = Path(__file__).resolve().parents[2]
# A cold cache builds Kubernetes from source first.
UP_SECONDS = 2700
# For what is soon there, on a computer that is busy with something else as well.
DEADLINE = 180


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("machines")
            if os.geteuid() != 0:
                item.add_marker(pytest.mark.skip(reason="makes machines: needs root"))


@dataclass
class Ashore:
    """The program as a user runs it, on one stack file with a state of its own."""

    file: Path
    state: Path
    name: str
    fenced_by_up: list[dict[str, Any]] = field(default_factory=list)

    def resets(self) -> list[dict[str, Any]]:
        """What was asked of the machines' BMC so far."""
        log = self.state / self.name / "bmc" / "resets.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "ASHORE_STATE": str(self.state)}

    def argv(self, verb: str, *arguments: str) -> list[str]:
        ashore = Path(sys.executable).parent / "ashore"
        return [str(ashore), *verb.split(), "--file", str(self.file), *arguments]

    def start(self, verb: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(verb, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.file.parent,
        )

    def run(
        self, verb: str, *arguments: str, seconds: float = DEADLINE, code: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.argv(verb, *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            env=self.environment,
            cwd=self.file.parent,
        )
        if code is not None:
            assert done.returncode == code, (
                f"{' '.join(done.args)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def up(self) -> subprocess.CompletedProcess[str]:
        return self.run("up", seconds=UP_SECONDS)

    def json(self, verb: str, *arguments: str, code: int | None = 0) -> Any:
        return json.loads(self.run(verb, "-o", "json", *arguments, code=code).stdout)

    def healthy(self) -> Any:
        """The status document, once it says that all is well."""

        def ask() -> Any:
            status = self.json("status", code=None)
            return status if status["healthy"] else None

        return eventually(f"{self.name} is healthy", ask)

    def exec(self, machine: str, *argv: str, code: int | None = 0) -> str:
        return self.run("exec", machine, "--", *argv, code=code).stdout

    def reboot_host(self) -> None:
        power_cut(self.name, self.state)

    def kubectl(self, *argv: str, seconds: float = DEADLINE, code: int | None = 0) -> str:
        return self.run("kubectl", "--", *argv, seconds=seconds, code=code).stdout


def eventually(what: str, ask: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """Ask until the answer is true; the last answer is in the failure."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s; last: {answer!r}"
        time.sleep(0.1)


def make_stack(name: str, cidr: str, machines: str, directory: Path) -> Ashore:
    file = directory / "stack.yaml"
    file.write_text(
        f"apiVersion: ashore/v1\nkind: Stack\nname: {name}\n"
        f"network:\n  cidr: {cidr}\n  uplink: none\nmachines:\n{machines}"
    )
    return Ashore(file, directory / "state", name)


def _lifetime(name: str, cidr: str, machines: str) -> Iterator[Ashore]:
    # Beside the cache, not below pytest's tmp_path: overlay roots want short
    # paths, and a temporary file system could not hold seven machines.
    directory = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/var/tmp"))
    stack = make_stack(name, cidr, machines, directory)
    before = snapshot(name)
    try:
        yield stack
    finally:
        down = stack.run("down", seconds=300, code=None)
        left = snapshot(name).beyond(before)
        shutil.rmtree(directory, ignore_errors=not left)
        assert down.returncode == 0, down.stderr
        assert not left, left


FULL = "  controlplane: {count: 3}\n  worker: {count: 2}\n"
SMALL = "  controlplane: {count: 1}\n  worker: {count: 1}\n  storage: {count: 0}\n"


@pytest.fixture(scope="session")
def stack() -> Iterator[Ashore]:
    """The default machines, up for the whole session."""
    for made in _lifetime("test", "10.90.0.0/24", FULL):
        made.up()
        made.fenced_by_up = made.resets()
        yield made


@pytest.fixture
def small() -> Iterator[Ashore]:
    """A stack of five machines that the test itself brings up."""
    yield from _lifetime("small", "10.91.0.0/24", SMALL)
