"""The stack's own network: a namespace with a bridge, and one veth to the host."""

from ipaddress import IPv4Interface
from pathlib import Path

from ashore.drivers.shared import collision
from ashore.drivers.shared.names import Names
from ashore.host import links
from ashore.model.types import Network

BRIDGE = "br0"
HOST_PORT = "host"

_ENDS = ("veth", "tun")
"""Kinds of the links that end at a machine; iproute2 calls a tap so."""


_IPV6 = Path("/proc/sys/net/ipv6")
"""Not there where the kernel was booted with `ipv6.disable=1`."""


class Fabric:
    """Makes, inspects and removes the network of one stack."""

    def __init__(self, names: Names, network: Network) -> None:
        self._names = names
        self._network = network
        self._address = IPv4Interface(f"{network.host}/{network.cidr.prefixlen}")
        self._bmc = IPv4Interface(f"{network.bmc}/{network.cidr.prefixlen}")

    async def drift(self) -> list[str]:
        """What is missing of the namespace, the bridge and the host's veth."""
        names = self._names
        if not links.namespaces(names.fabric).get(names.fabric):
            return [f"no network namespace {names.fabric}"]
        inside = await links.links(names.fabric)
        differs: list[str] = []
        bridge, port = inside.get(BRIDGE), inside.get(HOST_PORT)
        if bridge is None or not bridge.up or bridge.mac != names.bridge_mac:
            differs.append(f"no bridge {BRIDGE} that is up with address {names.bridge_mac}")
        elif self._bmc not in bridge.addresses:
            differs.append(f"{BRIDGE} has no address {self._bmc}")
        if port is None or not port.up or port.master != BRIDGE:
            differs.append(f"the host's veth is no port of {BRIDGE}")
        loose = [n for n in _ports(inside) if inside[n].master != BRIDGE or not inside[n].up]
        differs += [f"the link of {name} is off the bridge" for name in loose]
        veth = (await links.links()).get(names.veth)
        if veth is None or not veth.up or veth.alias != names.alias:
            differs.append(f"no veth {names.veth} on the host")
        elif self._address not in veth.addresses:
            differs.append(f"{names.veth} has no address {self._address}")
        return differs

    async def apply(self) -> None:
        """Make what is missing, from any half-made state."""
        names = self._names
        await collision.refuse(self._network, names.stack, names.veth, names.alias)
        there = links.namespaces(names.fabric)
        if not there.get(names.fabric, True):
            await links.delete_namespaces({names.fabric: False})
        if not there.get(names.fabric):
            await links.batch([f"netns add {names.fabric}"])
        inside = await links.links(names.fabric)
        host = await links.links()
        if names.veth in host:
            await links.delete(names.veth)
        elif HOST_PORT in inside:
            await links.delete(HOST_PORT, names.fabric)
        bridge = f"{BRIDGE} address {names.bridge_mac}"
        make = "" if BRIDGE in inside else f"link add {bridge} type bridge stp_state 0"
        lines = [make, f"link set {bridge} up", "link set lo up"]
        lines.append(f"address replace {self._bmc} dev {BRIDGE}")
        await links.batch([line for line in lines if line], names.fabric)
        quiet = "addrgenmode none " if _IPV6.exists() else ""
        await links.batch(
            [
                f"link add {names.veth} type veth peer name {HOST_PORT} netns {names.fabric}",
                # By itself, before whatever may fail: it is what the link is known by.
                f"link set {names.veth} alias {names.alias}",
                f"link set {names.veth} {quiet}up",
                f"address add {self._address} dev {names.veth}",
            ]
        )
        await links.batch([_port(p) for p in (HOST_PORT, *_ports(inside))], names.fabric)

    async def ports(self) -> dict[str, links.Link]:
        """The bridge's ports by machine; empty without a fabric."""
        fabric = self._names.fabric
        if not links.namespaces(fabric).get(fabric):
            return {}
        inside = await links.links(fabric)
        return {n: link for n, link in inside.items() if link.master == BRIDGE and n != HOST_PORT}

    async def plug(self, machine: str, mac: str) -> None:
        """Put a machine on the bridge: a veth whose other end is its eth0.

        Its namespace is made if there is none; one that is in use gets its link back.
        """
        netns = self._names.netns(machine)
        if not links.namespaces(netns).get(netns):
            await links.batch([f"netns add {netns}"])
        eth0 = f"eth0 netns {netns} address {mac}"
        lines = [f"link add {machine} type veth peer name {eth0}", _port(machine)]
        await links.batch(lines, self._names.fabric)

    async def tap(self, machine: str) -> None:
        """Put a virtual machine on the bridge: a tap that its process opens by name."""
        lines = [f"tuntap add dev {machine} mode tap", _port(machine)]
        await links.batch(lines, self._names.fabric)

    async def cut(self, machine: str) -> None:
        """Take the machine off the bridge at once. No error if it is not on it."""
        fabric = self._names.fabric
        if links.namespaces(fabric).get(fabric):
            await links.delete(machine, fabric)

    async def unplug(self, machine: str) -> None:
        """Delete the namespace of a machine that was cut: it would go on answering ARP."""
        name = self._names.netns(machine)
        there = links.namespaces(name)
        await links.delete_namespaces({n: live for n, live in there.items() if n == name})

    def plugged(self, machine: str) -> bool:
        """Whether the machine has a namespace."""
        return self._names.netns_path(machine).exists()

    async def destroy(self) -> None:
        """Remove the veth and every namespace of the stack."""
        names = self._names
        veth = (await links.links()).get(names.veth)
        if veth is not None and veth.alias == names.alias:
            await links.delete(names.veth)
        await links.delete_namespaces(links.namespaces(names.fabric))


def _port(name: str) -> str:
    return f"link set {name} master {BRIDGE} up"


def _ports(inside: dict[str, links.Link]) -> list[str]:
    """The machines' ends among the links of the fabric."""
    return [name for name, link in inside.items() if link.kind in _ENDS and name != HOST_PORT]
