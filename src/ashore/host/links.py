"""Network namespaces, links and routes, by iproute2's batch and JSON modes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from ashore.host import mounts
from ashore.host.run import run

NETNS = Path("/run/netns")


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface; `master` is the bridge that it is a port of, or empty."""

    name: str
    mac: str
    up: bool
    carrier: bool
    master: str
    alias: str
    kind: str
    addresses: tuple[IPv4Interface, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the main table, by one of its devices."""

    network: IPv4Network
    device: str
    text: str

    @property
    def default(self) -> bool:
        """Whether it is for whatever has no route of its own.

        OpenVPN's `redirect-gateway def1` and its like lay it in two halves, so as to go before
        the route that was there and to leave it in its place.
        """
        return self.network.prefixlen <= 1


async def batch(lines: Sequence[str], netns: str | None = None) -> None:
    """Run iproute2 commands in one process; the first that fails ends it with an error."""
    if not lines:
        return
    where = ["-n", netns] if netns else []
    await run(["ip", *where, "-batch", "-"], stdin="\n".join(lines).encode() + b"\n")


async def links(netns: str | None = None) -> dict[str, Link]:
    """The interfaces of a namespace (the host's without one), with their IPv4 addresses."""
    where = ["-n", netns] if netns else []
    done = await run(["ip", *where, "-details", "-json", "address", "show"], quiet=True)
    return {link.name: link for link in map(_link, json.loads(done.text or "[]")) if link.name}


def _link(raw: dict[str, Any]) -> Link:
    flags = raw.get("flags", ())
    return Link(
        name=raw.get("ifname", ""),
        mac=raw.get("address", ""),
        up="UP" in flags,
        carrier="LOWER_UP" in flags,
        master=raw.get("master", ""),
        alias=raw.get("ifalias", ""),
        kind=raw.get("linkinfo", {}).get("info_kind", ""),
        addresses=tuple(
            IPv4Interface(f"{a['local']}/{a['prefixlen']}")
            for a in raw.get("addr_info", ())
            if a.get("family") == "inet"
        ),
    )


async def routes() -> list[Route]:
    """The host's IPv4 routes; one over several devices once for each."""
    done = await run(["ip", "-json", "route", "show"], quiet=True)
    return [
        Route(
            IPv4Network("0.0.0.0/0" if r["dst"] == "default" else r["dst"]),
            hop["dev"],
            f"{r['dst']} dev {hop['dev']}",
        )
        for r in json.loads(done.text or "[]")
        if r.get("type", "unicast") == "unicast"
        for hop in r.get("nexthops", [r])
        if "dev" in hop
    ]


async def delete(name: str, netns: str | None = None) -> None:
    """Delete a link. No error if it is gone, perhaps just now with its namespace."""
    where = ["-n", netns] if netns else []
    await run(["ip", *where, "link", "delete", name], check=False)


def namespaces(name: str) -> dict[str, bool]:
    """Named namespaces `name` and `name.*`; False for a file that lost its namespace.

    Such a file stays when whoever made the namespace died half way, or when
    /run outlived a reboot.
    """
    if not NETNS.is_dir():
        return {}
    mine = [p.name for p in NETNS.iterdir() if p.name == name or p.name.startswith(f"{name}.")]
    live = {m.target for m in mounts.mounts() if m.fstype == "nsfs"} if mine else set[str]()
    return {found: f"{NETNS}/{found}" in live for found in mine}


async def delete_namespaces(names: dict[str, bool]) -> None:
    """Delete namespaces as `namespaces` found them."""
    for name in (n for n, live in names.items() if not live):
        (NETNS / name).unlink(missing_ok=True)
    await batch([f"netns delete {n}" for n, live in names.items() if live])
