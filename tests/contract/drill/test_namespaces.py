"""The watcher and the disturbed links in real network namespaces."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from ashore.drill.audits.holders import Look, Transition, check
from ashore.drill.child import Child
from ashore.drill.measure import python
from ashore.drill.verdict import Verdict
from ashore.drivers.shared.fabric import Fabric
from ashore.drivers.shared.names import Names
from ashore.drivers.shared.ports import Ports
from ashore.host import links
from ashore.model.types import Network

pytestmark = [
    pytest.mark.spawns,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

NAMES = Names("drilltest")
FLOATING = "10.79.214.10"
NETWORK = Network(
    cidr=IPv4Network("10.79.214.0/24"),
    domain="drilltest.internal",
    host=IPv4Address("10.79.214.1"),
    bmc=IPv4Address("10.79.214.3"),
    gateway=IPv4Address("10.79.214.2"),
    floating=IPv4Address(FLOATING),
    dynamic=(IPv4Address("10.79.214.200"), IPv4Address("10.79.214.229")),
    services=(IPv4Address("10.79.214.230"), IPv4Address("10.79.214.254")),
    uplink="none",
)
FABRIC = Fabric(NAMES, NETWORK)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def reaches(source: str, target: str) -> bool:
    """Whether a connection to a port where nobody listens is refused: somebody is there."""
    return refused(["ip", "netns", "exec", NAMES.netns(source)], target)


def refused(enter: Sequence[str], target: str) -> bool:
    """The same for a command that enters the source."""
    argv = [*enter, "timeout", "2", "bash", "-c", f"exec 3<>/dev/tcp/{target}/9"]
    done = subprocess.run(argv, check=False, capture_output=True)
    return b"refused" in done.stderr


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture
async def machines() -> AsyncGenerator[dict[str, str]]:
    """Two machines and a gateway that are namespaces on a bridge."""
    await links.delete_namespaces(links.namespaces(NAMES.fabric))
    ip("netns", "add", NAMES.fabric)
    ip("-n", NAMES.fabric, "link", "add", "br0", "type", "bridge", "stp_state", "0")
    ip("-n", NAMES.fabric, "link", "set", "br0", "up")
    addresses = {"gw": "10.79.214.2", "lb1": "10.79.214.11", "lb2": "10.79.214.12"}
    for number, (name, address) in enumerate(addresses.items()):
        await FABRIC.plug(name, f"02:00:00:d6:00:{number:02x}")
        ip("-n", NAMES.netns(name), "address", "add", f"{address}/24", "dev", "eth0")
        ip("-n", NAMES.netns(name), "link", "set", "eth0", "up")
    yield addresses
    await links.delete_namespaces(links.namespaces(NAMES.fabric))


class Watching:
    """The watcher as the engine runs it."""

    def __init__(self) -> None:
        self.transitions: list[Transition] = []
        self.look: Look | None = None
        self.began = False

    async def start(self) -> Child:
        paths = {name: str(NAMES.netns_path(name)) for name in ("lb1", "lb2")}
        wish = {"address": FLOATING, "interval": 0.02, "namespaces": paths}
        child = await Child.start(python("ashore.drill.watch"), wish, self._take)
        await eventually(lambda: self.began)
        return child

    def _take(self, line: dict[str, Any]) -> None:
        self.began = self.began or "began" in line
        if "machine" in line:
            self.transitions.append(Transition(**line))
        elif "looks" in line:
            self.look = Look(line["ended"], line["looks"], line["longest"])

    @property
    def seen(self) -> list[tuple[str, bool]]:
        return [(t.machine, t.holds) for t in self.transitions]


def holds(machine: str, verb: str) -> None:
    ip("-n", NAMES.netns(machine), "address", verb, f"{FLOATING}/24", "dev", "eth0")


@pytest.mark.usefixtures("machines")
async def test_a_move_is_seen_in_its_order_and_time() -> None:
    holds("lb1", "add")
    watching = Watching()
    child = await watching.start()
    before = time.monotonic()
    holds("lb1", "del")
    holds("lb2", "add")
    await eventually(lambda: len(watching.seen) == 3)
    after = time.monotonic()
    await child.stop()
    assert watching.seen == [("lb1", True), ("lb1", False), ("lb2", True)]
    lost = watching.transitions[1]
    assert before - 0.1 <= lost.after <= lost.before <= after
    assert child.failure == ""
    assert watching.look is not None


@pytest.mark.usefixtures("machines")
async def test_two_holders_are_found() -> None:
    watching = Watching()
    child = await watching.start()
    holds("lb1", "add")
    holds("lb2", "add")
    await eventually(lambda: len(watching.seen) == 2)
    await asyncio.sleep(0.1)  # how long they overlap
    await child.stop()
    assert check(watching.transitions, watching.look, {}, 0).verdict is Verdict.FAIL


@pytest.mark.usefixtures("machines")
async def test_a_machine_that_is_switched_off_and_on_is_followed() -> None:
    holds("lb1", "add")
    watching = Watching()
    child = await watching.start()
    await FABRIC.cut("lb1")
    await eventually(lambda: watching.seen[-1:] == [("lb1", False)])
    await FABRIC.unplug("lb1")
    await FABRIC.plug("lb1", "02:00:00:d6:00:01")
    holds("lb1", "add")
    await eventually(lambda: watching.seen[-1:] == [("lb1", True)])
    await child.stop()
    assert [machine for machine, _ in watching.seen] == ["lb1"] * 3


async def test_a_measuring_program_does_not_outlive_its_input() -> None:
    wish = {"address": FLOATING, "interval": 0.02, "namespaces": {}}
    child = await Child.start(python("ashore.drill.watch"), wish, lambda _: None)
    await child.stop()
    assert child.failure == ""


async def test_a_program_that_fails_says_why() -> None:
    child = await Child.start([sys.executable, "-c", "raise SystemExit('no')"], {}, print)
    await child.stop()
    assert "no" in child.failure


async def test_a_cut_link_and_its_mending(machines: dict[str, str]) -> None:
    ports = Ports(NAMES, FABRIC)
    assert reaches("lb1", machines["gw"])
    for silently in (False, True):
        await ports.link_cut("lb1", silently=silently)
        assert await ports.links_disturbed() == ["lb1"]
        carrier = (await links.links(NAMES.netns("lb1")))["eth0"].carrier
        assert carrier is silently
        assert not reaches("lb1", machines["gw"])
        await ports.link_mend("lb1")
        assert await ports.links_disturbed() == []
        # The bridge forwards again a moment after the carrier is back.
        await eventually(lambda: reaches("lb1", machines["gw"]))


async def test_machines_that_do_not_hear_each_other_are_heard_by_others(
    machines: dict[str, str],
) -> None:
    ports = Ports(NAMES, FABRIC)
    await ports.link_part(["lb1", "lb2"])
    assert not reaches("lb1", machines["lb2"])
    assert reaches("lb1", machines["gw"])
    assert reaches("lb2", machines["gw"])
    for name in ("lb1", "lb2"):
        await ports.link_mend(name)
    await eventually(lambda: reaches("lb1", machines["lb2"]))


async def test_a_guest_comes_and_goes(machines: dict[str, str]) -> None:
    ports = Ports(NAMES, FABRIC)
    for _ in range(2):  # one that a dead run left is replaced
        enter = await ports.guest_add("drill-client", IPv4Interface("10.79.214.5/24"))
    assert refused(enter, machines["gw"])
    await ports.guest_remove("drill-client")
    await ports.guest_remove("drill-client")
    assert not NAMES.netns_path("drill-client").exists()
    assert "drill-client" not in await links.links(NAMES.fabric)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert not list(Path("/run/netns").glob(f"{NAMES.fabric}*"))
