"""The way out of a stack through a host whose own firewall drops what it forwards."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Network

import pytest

from ashore.drivers.shared.names import Names

NAMES = Names("uplinktrial")
HOST, STACK, OUTSIDE = (f"uplink-trial-{each}" for each in ("host", "stack", "outside"))
CIDR = IPv4Network("10.79.216.0/24")
FAR = "192.0.2.1"
# What has to be done on the host is done by a process of its namespace.
WORK = """\
import asyncio, json, sys
from dataclasses import replace
from ipaddress import IPv4Network
from ashore.drivers.shared import forwarding, uplink
from ashore.drivers.shared.names import Names
from ashore.model.load import loads_stack
stack = loads_stack("apiVersion: ashore/v1\\nkind: Stack\\n", "trial")
names, network = Names(sys.argv[1]), replace(stack.network, cidr=IPv4Network(sys.argv[2]))
async def main():
    match sys.argv[3]:
        case "drift":
            return await uplink.drift(names)
        case "apply":
            return await uplink.apply(names, network, lambda *_: None)
        case "remove":
            return await uplink.remove(names)
        case "left":
            return await uplink.left(names)
        case "others":
            return await forwarding.others()
print(json.dumps(asyncio.run(main())))
"""

ASK = """\
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9), 3)
except ConnectionRefusedError:
    print("reached")
except TimeoutError:
    print("silence")
"""


def inside(name: str, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ip", "netns", "exec", name, *argv],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=check,
    )  # fmt: skip


def work(what: str) -> list[str] | None:
    done = inside(HOST, sys.executable, "-c", WORK, NAMES.stack, str(CIDR), what)
    return json.loads(done.stdout)


def reaches(source: str, target: str) -> bool:
    """Nobody listens there, and that is what a computer says that has been reached."""
    said = inside(source, sys.executable, "-c", ASK, target).stdout.strip()
    assert said in ("reached", "silence")
    return said == "reached"


@pytest.fixture
def host() -> Iterator[None]:
    """A host between a stack and the outside, whose iptables drops what it forwards."""
    if os.geteuid() != 0:
        pytest.skip("needs root: makes network namespaces")
    if shutil.which("iptables", path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
        subprocess.run(["apt-get", "update", "-qq"], check=True, timeout=300)
        subprocess.run(["apt-get", "install", "-qq", "-y", "iptables"], check=True, timeout=300)
    spaces = (HOST, STACK, OUTSIDE)
    try:
        for name in spaces:
            # A run that was killed may have left one.
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
            subprocess.run(["ip", "netns", "add", name], check=True)
        for link, peer, beyond in ((NAMES.veth, "eth0", STACK), ("wan0", "eth0", OUTSIDE)):
            line = f"link add {link} type veth peer name {peer} netns {beyond}"
            subprocess.run(["ip", "-n", HOST, *line.split()], check=True)
        for name, device, address in (
            (HOST, NAMES.veth, "10.79.216.1/24"), (STACK, "eth0", "10.79.216.2/24"),
            (HOST, "wan0", "192.0.2.2/24"), (OUTSIDE, "eth0", f"{FAR}/24"),
        ):  # fmt: skip
            inside(name, "ip", "address", "add", address, "dev", device)
            inside(name, "ip", "link", "set", device, "up")
        inside(STACK, "ip", "route", "add", "default", "via", "10.79.216.1")
        inside(HOST, "ip", "route", "add", "default", "via", FAR)
        # Somebody outside who knows the way in.
        inside(OUTSIDE, "ip", "route", "add", str(CIDR), "via", "192.0.2.2")
        inside(HOST, "iptables", "--policy", "FORWARD", "DROP")
        yield
    finally:
        for name in spaces:
            subprocess.run(["ip", "netns", "delete", name], check=False)


@pytest.mark.usefixtures("host")
def test_a_host_that_drops_lets_the_stack_out_and_nobody_in() -> None:
    before = inside(HOST, "iptables", "--list-rules").stdout
    assert not reaches(STACK, FAR)
    assert len([each for each in work("drift") or [] if "iptables drops" in each]) == 2
    work("apply")
    assert work("drift") == []
    assert reaches(STACK, FAR)
    assert not reaches(OUTSIDE, "10.79.216.2")
    work("apply")
    assert inside(HOST, "iptables", "--list-rules").stdout.count(NAMES.table) == 2
    assert len(work("left") or []) == 3
    work("remove")
    assert work("left") == []
    assert inside(HOST, "iptables", "--list-rules").stdout == before


@pytest.mark.usefixtures("host")
def test_a_host_that_forwards_gets_no_rules() -> None:
    inside(HOST, "iptables", "--policy", "FORWARD", "ACCEPT")
    work("apply")
    assert work("drift") == []
    assert NAMES.table not in inside(HOST, "iptables", "--list-rules").stdout
    assert reaches(STACK, FAR)
    # Docker was installed later.
    inside(HOST, "iptables", "--policy", "FORWARD", "DROP")
    assert len(work("drift") or []) == 2
    work("apply")
    assert reaches(STACK, FAR)
    assert work("others") == []
    chain = "chain inet own pass { type filter hook forward priority 5; policy drop; }"
    inside(HOST, "nft", f"table inet own {{}}; add {chain}")
    assert not reaches(STACK, FAR)
    assert work("others") == ["inet own pass"]
