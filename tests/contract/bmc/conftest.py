"""The service as users run it: a process of its own, TLS, a CA that only we know."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ashore.bmc import config, passwords
from ashore.bmc.config import Account, Config
from ashore.host.files import write
from ashore.pki.authority import Pair, issue, make_ca

MACHINES = ("lb1", "lb2")
ADDRESS = "127.0.0.1"
REPOSITORY = Path(__file__).parents[3]


class Kept:
    """`Secrets` in memory."""

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        if name not in self._secrets:
            self._secrets[name] = make()
        return self._secrets[name]


def environment() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


def secret(machine: str) -> str:
    return f"secret of {machine}"


@dataclass(frozen=True)
class Running:
    """A service; `machines` holds a file for each machine."""

    port: int
    ca: Path
    machines: Path
    log: Path
    pid: int

    def state(self, machine: str) -> str:
        return (self.machines / machine).read_text()

    @property
    def url(self) -> str:
        return f"https://{ADDRESS}:{self.port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def prepare(directory: Path, ca: Pair, port: int) -> Config:
    machines = directory / "machines"
    machines.mkdir(parents=True)
    for name in MACHINES:
        (machines / name).write_text("on")
    pair = issue(ca, "bmc", ip=[IPv4Address(ADDRESS)], server=True)
    write(directory / "tls.crt", pair.cert)
    write(directory / "tls.key", pair.key, 0o600)
    write(directory / "ca.crt", ca.cert)
    made = Config(
        stack="trial",
        driver="standin",
        namespace="",
        listen=((ADDRESS, port),),
        certificate=str(directory / "tls.crt"),
        key=str(directory / "tls.key"),
        fingerprint="",
        log=str(directory / "log"),
        release="",
        accounts=tuple(
            Account(m, m, passwords.digest(secret(m), m.encode() * 5)) for m in MACHINES
        ),
        settings={"directory": str(machines), "seconds": 0.2},
    )
    write(directory / "config.json", made.text(), 0o600)
    assert config.load(directory / "config.json") == made
    return made


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    port = free_port()
    prepare(tmp_path, make_ca("trial"), port)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.bmc.standin", "--config", tmp_path / "config.json"],
        env=environment(),
    )
    try:
        wait_for(port, process)
        yield Running(
            port, tmp_path / "ca.crt", tmp_path / "machines", tmp_path / "log", process.pid
        )
    finally:
        process.terminate()
        assert process.wait(20) == 0


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service ended"
        with socket.socket() as probe:
            if probe.connect_ex((ADDRESS, port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the service does not listen")
