"""A driver that switches nothing, and a configuration for it."""

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ashore.bmc import passwords
from ashore.bmc.config import Account, Config
from ashore.bmc.exchange import Answer, Request
from ashore.bmc.limits import Limits
from ashore.bmc.log import Log
from ashore.bmc.power import Systems
from ashore.bmc.service import Service
from ashore.drivers.base import PowerState

MACHINES = ("lb1", "lb2", "cp1")

LIMITS = Limits(handshake=9, idle=9, request=9, reset=9, state=9, wrong_password=0, grace=9)
"""Generous: a busy computer must not look like a slow driver."""


class Switches:
    """`Power` and `states` by a dictionary. `hold` names machines whose switch waits."""

    def __init__(self, *names: str) -> None:
        self.state = dict.fromkeys(names or MACHINES, PowerState.ON)
        self.calls: list[str] = []
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.held: dict[str, asyncio.Event] = {}
        self.fails: Exception | None = None
        self.blind: Exception | None = None
        self.stuck = False

    def hold(self, name: str) -> asyncio.Event:
        return self.held.setdefault(name, asyncio.Event())

    async def power_on(self, name: str) -> None:
        await self._switch(name, PowerState.ON)

    async def power_off(self, name: str) -> None:
        await self._switch(name, PowerState.OFF)

    async def _switch(self, name: str, state: PowerState) -> None:
        self.calls.append(f"{state} {name}")
        self.begun.put_nowait(name)
        if name in self.held:
            await self.held[name].wait()
        if self.fails:
            raise self.fails
        if not self.stuck:
            self.state[name] = state

    async def states(self) -> dict[str, PowerState]:
        if self.blind:
            raise self.blind
        return dict(self.state)


def secret(machine: str) -> str:
    return f"secret of {machine}"


ACCOUNTS = tuple(Account(m, m, passwords.digest(secret(m), m.encode() * 4)) for m in MACHINES)


def config(directory: Path, **other: Any) -> Config:
    fields: dict[str, Any] = {
        "stack": "demo",
        "driver": "fake",
        "namespace": "",
        "listen": (("127.0.0.1", 0),),
        "certificate": str(directory / "tls.crt"),
        "key": str(directory / "tls.key"),
        "fingerprint": "00",
        "log": str(directory / "log"),
        "release": "1",
        "accounts": ACCOUNTS,
    }
    return Config(**fields | other)


def service(switches: Switches, directory: Path, limits: Limits = LIMITS) -> Service:
    loaded = config(directory)
    systems = Systems(switches, switches.states, loaded.machines, limits)
    return Service(loaded, systems, Log(directory / "log"), limits)


def basic(name: str, password: str | None = None) -> str:
    pair = f"{name}:{secret(name) if password is None else password}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def request(
    method: str,
    path: str,
    body: object = None,
    *,
    account: str | None = "lb1",
    **headers: str,
) -> Request:
    named = {n.replace("_", "-"): v for n, v in headers.items()}
    if account and "authorization" not in named:
        named["authorization"] = basic(account)
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Request(method, path, named, data, "10.77.0.11:40000")


def reset(name: str, kind: str, account: str | None = None) -> Request:
    path = f"/redfish/v1/Systems/{name}/Actions/ComputerSystem.Reset"
    return request("POST", path, {"ResetType": kind}, account=account or name)


class Wire:
    """The two ends of a connection in memory; `sent` is what the service wrote."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        self.sent = bytearray()

    def write(self, data: bytes) -> None:
        self.sent += data

    async def drain(self) -> None:
        await asyncio.sleep(0)


def answers(sent: bytes) -> Iterator[tuple[int, dict[str, str], bytes]]:
    """Status, headers and body of each answer in what was sent."""
    rest = bytes(sent)
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (s.partition(":") for s in lines[1:])}
        length = int(headers.get("content-length", 0))
        yield int(lines[0].split()[1]), headers, rest[:length]
        rest = rest[length:]


async def nothing(_: Request) -> Answer:
    return Answer(204)
