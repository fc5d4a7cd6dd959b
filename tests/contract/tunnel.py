"""Whether packets go both ways between this computer and a network behind its gateway."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from ashore.drivers.virtualbox.names import Names
from ashore.model.types import Network
from ashore.transport.base import MachineDown
from ashore.transport.ssh import SshTransport

NAMES = Names("vbx")
CIDR = IPv4Network("10.97.0.0/24")
NETWORK = Network(
    cidr=CIDR,
    domain="vbx.internal",
    host=CIDR[1],
    bmc=CIDR[3],
    gateway=CIDR[2],
    floating=CIDR[10],
    dynamic=(CIDR[200], CIDR[229]),
    services=(CIDR[230], CIDR[254]),
    uplink="none",
)
BESIDE = CIDR[50]
"""Of a machine that is in the stack's network alone."""

PORT = 7777
# Tells whoever connects the address that it came from.
_SERVER = f"""\
import socket, sys
with socket.create_server((sys.argv[1], {PORT})) as server:
    print("ready", flush=True)
    while True:
        connection, peer = server.accept()
        connection.sendall(peer[0].encode())
        connection.close()
"""
_CLIENT = f"""\
import socket, sys
with socket.create_connection((sys.argv[1], {PORT}), 5) as connection:
    print(connection.recv(100).decode())
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=30)


@contextmanager
def serving(address: IPv4Address, *inside: str) -> Iterator[None]:
    """A server on an address, run by a command that leads to where the address is."""
    argv = [*inside, sys.executable, "-c", _SERVER, str(address)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Beside:
    """A network namespace that is a machine in the stack's network."""

    name: str

    def seen_from(self, host: IPv4Address) -> str:
        """Connect to it from an address of this computer; the address that it saw.

        Raises:
            OSError: no connection.
        """
        target = (str(BESIDE), PORT)
        with socket.create_connection(target, 5, source_address=(str(host), 0)) as connection:
            return connection.recv(100).decode()

    def sees(self, address: IPv4Address) -> str:
        """Connect to an address of this computer; the address that was seen there."""
        argv = ["ip", "netns", "exec", self.name, sys.executable, "-c", _CLIENT, str(address)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.strip() or done.stderr


@contextmanager
def beside(link: str) -> Iterator[Beside]:
    """Make the namespace, with a link that is there already as its eth0, and serve in it."""
    place = Beside(f"{link}-beside")
    ip("netns", "add", place.name)
    try:
        ip("link", "set", link, "netns", place.name, "name", "eth0")
        ip("-n", place.name, "link", "set", "lo", "up")
        ip("-n", place.name, "address", "add", f"{BESIDE}/24", "dev", "eth0")
        ip("-n", place.name, "link", "set", "eth0", "up")
        with serving(BESIDE, "ip", "netns", "exec", place.name):
            yield place
    finally:
        ip("netns", "delete", place.name)


async def answers(place: Beside, seconds: float) -> None:
    """Wait until the machine is reached from this computer, and see that it reaches back."""
    deadline = asyncio.get_running_loop().time() + seconds
    seen = ""
    while seen != str(NETWORK.host):
        with contextlib.suppress(OSError):
            seen = await asyncio.to_thread(place.seen_from, NETWORK.host)
        assert asyncio.get_running_loop().time() < deadline, f"no way in; last seen: {seen!r}"
        await asyncio.sleep(0.1)
    for address in (NETWORK.host, NETWORK.bmc):
        with serving(address):
            assert await asyncio.to_thread(place.sees, address) == str(BESIDE)


async def reached(transport: SshTransport, seconds: float) -> None:
    """Wait until commands reach a machine."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            assert (await transport.run(["echo", "here"])).text == "here"
        except MachineDown as error:
            assert asyncio.get_running_loop().time() < deadline, error.message
            await asyncio.sleep(0.5)
        else:
            return
