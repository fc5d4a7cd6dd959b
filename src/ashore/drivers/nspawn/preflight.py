"""Whether this host can carry a stack of nspawn machines, and what to do if not."""

import os
import platform
import shutil
from pathlib import Path

from ashore.drivers.base import Finding, Level
from ashore.drivers.nspawn import settings
from ashore.drivers.nspawn.fabric import Fabric
from ashore.drivers.nspawn.names import Names
from ashore.drivers.nspawn.supervise import systemd_runs
from ashore.errors import AshoreError
from ashore.host import cgroups, mounts
from ashore.host.run import CommandFailed, run
from ashore.model.types import Stack
from ashore.together import together

_GIB = 1 << 30
# Measured: the default stack's machines write 0.6 GiB; its cache, built from
# modules, takes 14 GiB (most of it Go's own caches), from releases 3 GiB.
_DISK_STATE = 4 * _GIB
_DISK_CACHE = 16 * _GIB

# Program -> the package that brings it: Debian and its kin, Fedora and its kin, Arch.
_TOOLS = {
    "systemd-nspawn": ("systemd-container", "systemd-container", "systemd"),
    "ip": ("iproute2", "iproute", "iproute2"),
    "nft": ("nftables", "nftables", "nftables"),
    "nsenter": ("util-linux", "util-linux", "util-linux"),
    "unshare": ("util-linux", "util-linux", "util-linux"),
    "setsid": ("util-linux", "util-linux", "util-linux"),
    "mount": ("mount", "util-linux", "util-linux"),
}
_INSTALL = ("apt-get install", "dnf install", "pacman -S")

_CAP_SYS_ADMIN = 21

_NO_UPPER = {"overlay", "aufs", "nfs", "nfs4", "cifs", "9p", "virtiofs", "vfat", "exfat"}


async def preflight(stack: Stack, state: Path, cache: Path) -> list[Finding]:
    """Everything that was looked at, the good included; changes nothing."""
    found = [_architecture(), *_privilege(), *_tools(), _cgroups(), _fuse()]
    found += [_disk("state", state, _DISK_STATE), _disk("cache", cache, _DISK_CACHE)]
    found += [_file_system(state), _memory(stack)]
    found += settings.findings()
    if any(f.level is Level.ERROR for f in found):
        return found
    probes = await together(_links_work(), _nftables_works(), _network(stack))
    return [*found, *probes]


def _ok(name: str, what: str) -> Finding:
    return Finding(name, Level.OK, what)


def _architecture() -> Finding:
    machine = platform.machine()
    if machine == "x86_64":
        return _ok("architecture", "amd64")
    return Finding(
        "architecture",
        Level.ERROR,
        f"the processor is {machine}",
        "the programs are built and tested for amd64 only",
        "use an amd64 host",
    )


def _privilege() -> list[Finding]:
    if os.geteuid() != 0:
        why = "namespaces, mounts and control groups of the host need root"
        return [Finding("root", Level.ERROR, "not root", why, "run it with sudo")]
    found = [_ok("root", "root")]
    mapping = Path("/proc/self/uid_map").read_text().split()
    status = Path("/proc/self/status").read_text()
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    if mapping[:2] != ["0", "0"] or not effective >> _CAP_SYS_ADMIN & 1:
        found.append(
            Finding(
                "container",
                Level.ERROR,
                "this is an unprivileged container",
                "its root may neither mount nor make namespaces",
                "run on the host itself, or in a privileged container",
            )
        )
    return found


def _family() -> int:
    """Column of `_TOOLS` for this distribution; Debian's where it is unknown."""
    release = Path("/etc/os-release")
    text = release.read_text() if release.exists() else ""
    like = [
        word
        for line in text.splitlines()
        if line.startswith(("ID=", "ID_LIKE="))
        for word in line.partition("=")[2].strip('"').split()
    ]
    if "fedora" in like or "rhel" in like:
        return 1
    return 2 if "arch" in like else 0


def _tools() -> list[Finding]:
    family = _family()
    found: list[Finding] = []
    for tool, packages in _TOOLS.items():
        # sbin is not on every user's path, but on that of every command here.
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        if shutil.which(tool, path=path):
            continue
        found.append(
            Finding(
                f"tool-{tool}",
                Level.ERROR,
                f"{tool} is not installed",
                "machines and their network are made with it",
                f"{_INSTALL[family]} {packages[family]}",
                packages=(packages[family],),
            )
        )
    return found or [_ok("tools", f"{', '.join(_TOOLS)} are installed")]


def _cgroups() -> Finding:
    hierarchies = cgroups.hierarchies()
    systemd = systemd_runs()
    if systemd and not hierarchies.legacy:
        return _ok("cgroups", "systemd is PID 1, with cgroup version 2")
    if not systemd and hierarchies.legacy and "name=systemd" in hierarchies.controllers:
        return _ok("cgroups", "no systemd; cgroup version 1")
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
        return _ok("fuse", "/dev/fuse is there")
    return Finding(
        "fuse",
        Level.WARNING,
        "/dev/fuse is missing",
        "replicated volumes cannot be mounted on the machines",
        "modprobe fuse",
    )


def _disk(name: str, directory: Path, wanted: int) -> Finding:
    there = next(p for p in (directory, *directory.parents) if p.exists())
    free = shutil.disk_usage(there).free
    # What is in the cache already needs no room again.
    if directory.exists() and name == "cache":
        wanted = _DISK_STATE
    what = f"{free / _GIB:.0f} GiB free for {directory}"
    if free >= wanted:
        return _ok(f"disk-{name}", what)
    why = f"about {wanted / _GIB:.0f} GiB are needed"
    fix = f"make room, or set ASHORE_{name.upper()} to a directory on a larger disk"
    return Finding(f"disk-{name}", Level.ERROR, what, why, fix)


def _file_system(state: Path) -> Finding:
    """Overlayfs writes only to file systems that keep its attributes."""
    kind = mounts.holding(state).fstype
    if kind not in _NO_UPPER and not kind.startswith("fuse"):
        return _ok("file-system", f"{state} is on {kind}")
    return Finding(
        "file-system",
        Level.ERROR,
        f"{state} is on {kind}",
        "the machines' roots are overlays, which cannot write there",
        "set ASHORE_STATE to a directory on ext4, xfs or btrfs",
    )


def _memory(stack: Stack) -> Finding:
    lines = Path("/proc/meminfo").read_text().splitlines()
    kib = {key: int(value.split()[0]) for key, _, value in (line.partition(":") for line in lines)}
    available = kib["MemAvailable"] * 1024
    wanted = sum(machine.memory for machine in stack.machines)
    what = f"{available / _GIB:.1f} GiB of memory available"
    if available >= wanted:
        return _ok("memory", what)
    return Finding(
        "memory",
        Level.WARNING,
        what,
        f"the machines may use {wanted / _GIB:.1f} GiB together",
        "lower `memory` or `count` of the machines in the stack file",
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
    return await _probe(
        "links", argv, lines, "veth, bridge and vxlan links", why, "modprobe -a veth bridge vxlan"
    )


async def _nftables_works() -> Finding:
    table = "table ip t { chain c { type nat hook postrouting priority srcnat; masquerade; }; }\n"
    why = "Services of the cluster are nftables rules"
    argv = ["unshare", "--net", "nft", "-f", "-"]
    return await _probe("nftables", argv, table, "nftables with NAT", why, "modprobe nft_chain_nat")


async def _probe(name: str, argv: list[str], text: str, what: str, why: str, fix: str) -> Finding:
    try:
        await run(argv, stdin=text.encode(), timeout=10)
    except CommandFailed as error:
        said = error.message.splitlines()[1:2] or [error.message]
        return Finding(name, Level.ERROR, f"{what} do not work: {said[0]}", why, fix)
    return _ok(name, f"{what} work")


async def _network(stack: Stack) -> Finding:
    try:
        await Fabric(Names(stack.name), stack.network).refuse_collision()
    except AshoreError as error:
        why = "packets to the machines would go astray"
        return Finding("network", Level.ERROR, error.message, why, error.hint)
    return _ok("network", f"{stack.network.cidr} is free on this host")
