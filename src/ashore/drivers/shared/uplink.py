"""The stack's way out: the host forwards and masquerades for it, in a table of its own."""

import json
from pathlib import Path

from ashore.drivers.base import Record
from ashore.drivers.shared import forwarding
from ashore.drivers.shared.names import Names
from ashore.errors import AshoreError
from ashore.host import links
from ashore.host.run import installed, run
from ashore.model.types import Network

_FORWARDING = Path("/proc/sys/net/ipv4/conf")


def rules(names: Names, network: Network) -> str:
    """The host's table of this stack; replaces a former one as a whole."""
    return f"""\
table ip {names.table}
delete table ip {names.table}
table ip {names.table} {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {network.cidr} oifname != "{names.veth}" masquerade
  }}
}}
"""


async def drift(names: Names) -> list[str]:
    """What is missing of the way out."""
    missing = [] if await _table(names) else [f"no nftables table {names.table} on the host"]
    missing += [f"{d} does not forward" for d in await _devices(names) if not _forwards(d)]
    return missing + await forwarding.drift(names)


async def apply(names: Names, network: Network, record: Record) -> None:
    """Masquerade the stack's packets, and let its veth and the way out forward.

    Only these two interfaces: a host that is no router does not become one
    for its other networks.
    """
    record("nft-table", names.table)
    await forwarding.apply(names, record)
    await run(["nft", "-f", "-"], stdin=rules(names, network).encode())
    for device in await _devices(names):
        if not _forwards(device):
            record("setting", f"net.ipv4.conf.{device}.forwarding=1 (was 0)")
            (_FORWARDING / device / "forwarding").write_text("1")


async def remove(names: Names) -> None:
    """Remove the table and the rules, if they are there."""
    await forwarding.remove(names)
    if await _table(names):
        await run(["nft", "delete", "table", "ip", names.table])


async def left(names: Names) -> list[str]:
    """What is still there, a phrase each."""
    table = [f"nftables table {names.table}"] if await _table(names) else []
    return table + await forwarding.left(names)


async def _table(names: Names) -> bool:
    if not installed("nft"):
        return False
    done = await run(["nft", "-j", "list", "tables", "ip"], quiet=True)
    tables = [entry.get("table", {}) for entry in json.loads(done.text)["nftables"]]
    return any(table.get("name") == names.table for table in tables)


async def _devices(names: Names) -> list[str]:
    out = [route.device for route in await links.routes() if route.default]
    if not out:
        raise AshoreError("the host has no default route", "set `network.uplink: none`")
    return [names.veth, *dict.fromkeys(out)]


def _forwards(device: str) -> bool:
    return (_FORWARDING / device / "forwarding").read_text().strip() == "1"
