"""Disturbed links, and a place for a client: what every driver with a fabric of ours can do."""

import json
from collections.abc import Sequence
from ipaddress import IPv4Interface
from typing import Any

from ashore.drivers.shared.fabric import HOST_PORT, Fabric
from ashore.drivers.shared.names import Names, mac
from ashore.host import links
from ashore.host.run import run

_FORWARDING, _DISABLED = 3, 0  # linux/if_bridge.h, BR_STATE_*


class Ports:
    """Implements `Links` and `Guests` at the ports of the stack's bridge."""

    def __init__(self, names: Names, fabric: Fabric) -> None:
        self._names = names
        self._fabric = fabric

    async def link_cut(self, name: str, *, silently: bool) -> None:
        """See `Links`. The silent way leaves both ends up; the bridge drops what comes."""
        if silently:
            await self._port_state(name, _DISABLED)
        else:
            await links.batch([f"link set {name} down"], self._names.fabric)

    async def _port_state(self, name: str, state: int) -> None:
        # `ip link set ... type bridge_slave state` is accepted and does nothing.
        # A port without a carrier takes no state; the bridge sets it when there is one.
        argv = ["bridge", "-n", self._names.fabric, "link", "set", "dev", name]
        await run([*argv, "state", str(state)], check=state != _FORWARDING)

    async def link_part(self, names: Sequence[str]) -> None:
        """See `Links`. Isolated ports of a bridge reach every port but each other."""
        lines = [f"link set {name} type bridge_slave isolated on" for name in names]
        await links.batch(lines, self._names.fabric)

    async def link_mend(self, name: str) -> None:
        """See `Links`."""
        if name in await links.links(self._names.fabric):
            as_new = f"link set {name} type bridge_slave isolated off"
            await links.batch([f"link set {name} up", as_new], self._names.fabric)
            await self._port_state(name, _FORWARDING)

    async def links_disturbed(self) -> list[str]:
        """See `Links`."""
        fabric = self._names.fabric
        done = await run(["ip", "-n", fabric, "-details", "-json", "link", "show"], quiet=True)
        return [raw["ifname"] for raw in json.loads(done.text) if _disturbed(raw)]

    async def guest_add(self, name: str, address: IPv4Interface) -> tuple[str, ...]:
        """See `Guests`. Its namespace carries the stack's label, so `down` finds it too."""
        await self.guest_remove(name)
        await self._fabric.plug(name, mac(self._names.stack, name))
        netns = self._names.netns(name)
        await links.batch(
            [f"address add {address} dev eth0", "link set lo up", "link set eth0 up"], netns
        )
        return ("nsenter", f"--net={self._names.netns_path(name)}", "--")

    async def guest_remove(self, name: str) -> None:
        """See `Guests`."""
        await self._fabric.cut(name)
        await self._fabric.unplug(name)


def _disturbed(raw: dict[str, Any]) -> bool:
    port = raw.get("linkinfo", {}).get("info_slave_data")
    if not port or raw["ifname"] == HOST_PORT:
        return False
    up = "UP" in raw["flags"]
    return not up or port.get("isolated", False) or port.get("state") != "forwarding"
