"""This computer's link into a stack: a tunnel of OpenSSH to the gateway.

An internal network of VirtualBox has no end on this computer. So a tun device here has
the addresses that a link would have, and its other end is on the gateway, which answers
for these addresses and passes packets on. The device stays while the tunnel comes and
goes: who listens on its addresses does not lose them when the gateway reboots.
"""

import shlex
from collections.abc import Callable
from ipaddress import IPv4Interface
from pathlib import Path

from ashore.drivers.shared import collision
from ashore.drivers.virtualbox.names import Names
from ashore.host import files, links
from ashore.host.service import Service
from ashore.model.types import Network
from ashore.transport import ssh
from ashore.transport.ssh import Login, Way


class Tunnel:
    """Makes, inspects and removes the link of one stack.

    Args:
        directory: for what the tunnel's process needs and prints.
    """

    def __init__(self, names: Names, network: Network, directory: Path) -> None:
        self._names = names
        self._network = network
        self._directory = directory
        self._program = directory / "tunnel.sh"
        self._service = service(names.stack)
        self._addresses = (
            IPv4Interface(f"{network.host}/{network.cidr.prefixlen}"),
            IPv4Interface(network.bmc),
        )

    async def drift(self, way: Way, login: Callable[[], Login]) -> list[str]:
        """What is missing of the device, and of the process that keeps the tunnel up.

        Whether the gateway answers is not looked at: it may be off.
        """
        name = self._names.link
        link = (await links.links()).get(name)
        if link is None or not link.up or link.alias != self._names.alias:
            return [f"no link {name} into the stack on the host"]
        differs = [f"{name} has no address {a}" for a in self._addresses if a not in link.addresses]
        # As long as there is no gateway its process ends at once, and is started again.
        if not await self._service.kept():
            return [*differs, "nothing keeps the tunnel to the gateway up"]
        text = self._program.read_text() if self._program.exists() else ""
        if text != program(self._names, self._network, way, login()):
            differs.append("the tunnel to the gateway is laid by another command")
        return differs

    async def apply(self, way: Way, login: Callable[[], Login]) -> None:
        """Make what is missing, from any half-made state; the gateway need not be there yet.

        Raises:
            AshoreError: a route or a link of this computer stands in the way.
        """
        names = self._names
        await collision.refuse(self._network, names.stack, names.link, names.alias)
        lines = [f"address replace {address} dev {names.link}" for address in self._addresses]
        if names.link not in await links.links():
            made = [f"tuntap add dev {names.link} mode tun"]
            lines = [*made, f"link set {names.link} alias {names.alias}", *lines]
        await links.batch([*lines, f"link set {names.link} up"])
        await self._service.stop()
        files.make_directory(self._directory)
        files.write(self._program, program(names, self._network, way, login()), 0o700)
        await self._service.start(["sh", str(self._program)], self._directory)

    async def destroy(self) -> None:
        """End the process and delete the device; no error if they are not there."""
        await self._service.stop()
        if await self._own():
            await links.delete(self._names.link)
        await files.remove([self._directory])

    async def left(self) -> list[str]:
        """What is still there, a phrase each."""
        pids = self._service.processes()
        found = [f"tunnel of {self._names.stack}: processes {pids}"] if pids else []
        return [*found, f"link {self._names.link}"] if await self._own() else found

    async def _own(self) -> bool:
        link = (await links.links()).get(self._names.link)
        return link is not None and link.alias == self._names.alias


def service(stack: str) -> Service:
    """The process; its name cannot be taken for a machine's."""
    return Service(f"ashore-{stack}.tunnel", f"tunnel into the Ashore stack {stack}")


def program(names: Names, network: Network, way: Way, login: Login) -> str:
    """What lays the tunnel, and ends with it."""
    argv = ssh.tunnel(way, login, names.link_number)
    return f"#!/bin/sh\nexec {shlex.join([*argv, beyond(network)])}\n"


def beyond(network: Network) -> str:
    """What the gateway does as long as the tunnel is there.

    It answers for this computer's addresses at once: the kernel would take up to 0.8 s. The
    rest is done over and over: the gateway's own settings, read again, turn forwarding off.
    """
    addresses = f"{network.host} {network.bmc}"
    return f"""\
set -eu
ip link set "$SSH_TUNNEL" up
for address in {addresses}; do
    ip route replace "$address" dev "$SSH_TUNNEL" src {network.gateway}
done
echo 0 >/proc/sys/net/ipv4/neigh/eth0/proxy_delay
while :; do
    for link in eth0 "$SSH_TUNNEL"; do
        echo 1 >"/proc/sys/net/ipv4/conf/$link/forwarding"
    done
    for address in {addresses}; do
        ip neigh replace proxy "$address" dev eth0
    done
    sleep 2
done"""
