"""Whether this host can carry a stack of nspawn machines, and what to do if not."""

from pathlib import Path

from ashore.drivers.base import Finding, Level
from ashore.drivers.nspawn import settings
from ashore.drivers.shared import preflight as host
from ashore.drivers.shared.preflight import ok, probe
from ashore.host import cgroups, mounts
from ashore.host.service import systemd_runs
from ashore.model.types import Stack
from ashore.supply.base import Room
from ashore.together import together

TOOLS: host.Tools = {
    "systemd-nspawn": ("systemd-container", "systemd-container", "systemd"),
    "ip": ("iproute2", "iproute", "iproute2"),
    "nft": ("nftables", "nftables", "nftables"),
    "nsenter": ("util-linux", "util-linux", "util-linux"),
    "unshare": ("util-linux", "util-linux", "util-linux"),
    "setsid": ("util-linux", "util-linux", "util-linux"),
    "mount": ("mount", "util-linux", "util-linux"),
}

_NO_UPPER = {"overlay", "aufs", "nfs", "nfs4", "cifs", "9p", "virtiofs", "vfat", "exfat"}


async def preflight(stack: Stack, state: Path, cache: Path, room: Room) -> list[Finding]:
    """Everything that was looked at, the good included; changes nothing."""
    found = [host.architecture(), *host.privilege(), *host.tools(TOOLS), _cgroups(), _fuse()]
    found += host.room(state, cache, room)
    found += [_file_system(state), host.memory(stack)]
    found += settings.findings()
    if any(f.level is Level.ERROR for f in found):
        return found
    probes = (_links_work(), _nftables_works(), host.network(stack), host.firewall(stack))
    return [*found, *await together(*probes)]


def _cgroups() -> Finding:
    hierarchies = cgroups.hierarchies()
    systemd = systemd_runs()
    if systemd and not hierarchies.legacy:
        return ok("cgroups", "systemd is PID 1, with cgroup version 2")
    if not systemd and hierarchies.legacy and "name=systemd" in hierarchies.controllers:
        return ok("cgroups", "no systemd; cgroup version 1")
    if systemd:
        what, fix = (
            "systemd is PID 1, with cgroup version 1",
            ("boot with systemd.unified_cgroup_hierarchy=1"),
        )
    elif hierarchies.legacy:
        what, fix = (
            "no systemd, and no name=systemd cgroup hierarchy",
            (
                "mkdir -p /sys/fs/cgroup/systemd && "
                "mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd"
            ),
        )
    else:
        what, fix = "cgroup version 2 without systemd as PID 1", "boot the host with systemd"
    why = "machines need control groups of their own that somebody manages"
    return Finding("cgroups", Level.ERROR, what, why, fix)


def _fuse() -> Finding:
    if Path("/dev/fuse").exists():
        return ok("fuse", "/dev/fuse is there")
    return Finding(
        "fuse",
        Level.WARNING,
        "/dev/fuse is missing",
        "replicated volumes cannot be mounted on the machines",
        "modprobe fuse",
    )


def _file_system(state: Path) -> Finding:
    """Overlayfs writes only to file systems that keep its attributes."""
    kind = mounts.holding(state).fstype
    if kind not in _NO_UPPER and not kind.startswith("fuse"):
        return ok("file-system", f"{state} is on {kind}")
    return Finding(
        "file-system",
        Level.ERROR,
        f"{state} is on {kind}",
        "the machines' roots are overlays, which cannot write there",
        "set ASHORE_STATE to a directory on ext4, xfs or btrfs",
    )


async def _links_work() -> Finding:
    """Make the kinds of links that the stack needs in a namespace that ends with the command."""
    lines = (
        "link add veth0 type veth peer name veth1\n"
        "link add br0 type bridge\n"
        "link add vxlan0 type vxlan id 1 dstport 4789 dev veth0\n"
    )
    why = "the stack's network is made of veth pairs, a bridge and a vxlan overlay"
    argv = ["unshare", "--net", "ip", "-batch", "-"]
    return await probe(
        "links", argv, lines, "veth, bridge and vxlan links", why, "modprobe -a veth bridge vxlan"
    )


async def _nftables_works() -> Finding:
    table = "table ip t { chain c { type nat hook postrouting priority srcnat; masquerade; }; }\n"
    why = "Services of the cluster are nftables rules"
    argv = ["unshare", "--net", "nft", "-f", "-"]
    return await probe("nftables", argv, table, "nftables with NAT", why, "modprobe nft_chain_nat")
