"""What every driver asks of this host before anything is touched."""

import os
import platform
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ashore.drivers.base import Finding, Level
from ashore.drivers.shared import collision, forwarding
from ashore.drivers.shared.names import Names
from ashore.errors import AshoreError
from ashore.host.run import CommandFailed, installed, run
from ashore.model.types import Stack
from ashore.supply.base import Room

_GIB = 1 << 30
# Measured: the default stack's machines write 0.6 GiB.
_DISK_STATE = 4 * _GIB

Tools = Mapping[str, tuple[str, str, str]]
"""Program -> the package that brings it: Debian and its kin, Fedora and its kin, Arch."""

_INSTALL = ("apt-get install", "dnf install", "pacman -S")

_CAP_SYS_ADMIN = 21

_TUN = Path("/dev/net/tun")

# unix(7): 108 bytes with the null; OpenSSH first makes it with a dot and 16 letters behind.
_SOCKET = 108 - 1 - 17


def ok(name: str, what: str) -> Finding:
    """Of what is as it should be."""
    return Finding(name, Level.OK, what)


def architecture() -> Finding:
    """Whether the programs of a stack run on this processor."""
    machine = platform.machine()
    if machine == "x86_64":
        return ok("architecture", "amd64")
    return Finding(
        "architecture",
        Level.ERROR,
        f"the processor is {machine}",
        "the programs are built and tested for amd64 only",
        "use an amd64 host",
    )


def privilege() -> list[Finding]:
    """Whether this is root, and a root that may do what is needed."""
    if os.geteuid() != 0:
        why = "namespaces, mounts and control groups of the host need root"
        return [Finding("root", Level.ERROR, "not root", why, "run it with sudo")]
    found = [ok("root", "root")]
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
    """Column of `Tools` for this distribution; Debian's where it is unknown."""
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


def tools(wanted: Tools) -> list[Finding]:
    """The programs that are not installed, each with its package."""
    family = _family()
    found: list[Finding] = []
    for tool, packages in wanted.items():
        if installed(tool):
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
    return found or [ok("tools", f"{', '.join(wanted)} are installed")]


def room(state: Path, cache: Path, taken: Room) -> list[Finding]:
    """Whether the machines and what the cache lacks have room, together where they share it.

    Args:
        taken: what the cache is still going to take; what is in it already needs none.
    """
    shared = _existing(state).stat().st_dev == _existing(cache).stat().st_dev
    least = _DISK_STATE + taken.least
    found = [
        disk("state", state, least if shared else _DISK_STATE),
        disk("cache", cache, least if shared else taken.least),
    ]
    most = taken.most + (_DISK_STATE if shared else 0)
    short = disk("cache", cache, most)
    if found[-1].level is Level.OK and short.level is not Level.OK:
        why = f"{short.why} if all programs have to be built"
        found[-1] = replace(short, level=Level.WARNING, why=why)
    return found


def disk(name: str, directory: Path, wanted: int) -> Finding:
    """Whether the file system of a directory has as many bytes free."""
    free = shutil.disk_usage(_existing(directory)).free
    what = f"{free / _GIB:.0f} GiB free for {directory}"
    if free >= wanted:
        return ok(f"disk-{name}", what)
    why = f"about {wanted / _GIB:.0f} GiB are needed"
    fix = f"make room, or set ASHORE_{name.upper()} to a directory on a larger disk"
    return Finding(f"disk-{name}", Level.ERROR, what, why, fix)


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())


def memory(stack: Stack) -> Finding:
    """Whether the machines' limits fit into what is available."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    kib = {key: int(value.split()[0]) for key, _, value in (line.partition(":") for line in lines)}
    available = kib["MemAvailable"] * 1024
    wanted = sum(machine.memory for machine in stack.machines)
    what = f"{available / _GIB:.1f} GiB of memory available"
    if available >= wanted:
        return ok("memory", what)
    return Finding(
        "memory",
        Level.WARNING,
        what,
        f"the machines may use {wanted / _GIB:.1f} GiB together",
        "lower `memory` or `count` of the machines in the stack file",
    )


def sockets(paths: Iterable[Path]) -> Finding:
    """Whether OpenSSH can make the sockets by which it keeps its connections."""
    length, longest = max((len(os.fsencode(path)), path) for path in paths)
    if length <= _SOCKET:
        return ok("sockets", "paths of sockets are short enough")
    return Finding(
        "sockets",
        Level.ERROR,
        f"{longest} has {length} bytes",
        f"the path of a connection's socket may have {_SOCKET}",
        "set ASHORE_STATE to a directory with a shorter path",
    )


async def probe(name: str, argv: list[str], text: str, what: str, why: str, fix: str) -> Finding:
    """Try something out; what it prints is what is wrong.

    Args:
        text: its standard input.
        what, why, fix: of the finding; `what` is a plural, "veth links".
    """
    try:
        await run(argv, stdin=text.encode(), timeout=10)
    except CommandFailed as error:
        said = error.message.splitlines()[1:2] or [error.message]
        return Finding(name, Level.ERROR, f"{what} do not work: {said[0]}", why, fix)
    return ok(name, f"{what} work")


def tun() -> Finding:
    """Whether links can be made whose other end is a program."""
    if _TUN.exists():
        return ok("tun", f"{_TUN} is there")
    why = "it connects virtual machines to the stack's network"
    return Finding("tun", Level.ERROR, f"{_TUN} is missing", why, "modprobe tun")


async def firewall(stack: Stack) -> Finding:
    """Whether the host drops what the stack sends out; of iptables `up` takes care itself."""
    if stack.network.uplink == "none":
        return ok("firewall", "the stack sends nothing out")
    veth, chains = Names(stack.name).veth, await forwarding.others()
    if not chains:
        return ok("firewall", "no chain of nftables drops what the host forwards")
    return Finding(
        "firewall",
        Level.WARNING,
        f"the host's nftables chain {chains[0]} drops what it does not know",
        "the machines may not reach the outside",
        f"let it accept `iifname {veth}`, and `oifname {veth} ct state established,related`; "
        "or set `network.uplink: none`",
    )


async def network(stack: Stack, device: str = "") -> Finding:
    """Whether the stack's addresses are free on this host.

    Args:
        device: the host's link into the stack, if it is not the usual one.
    """
    names = Names(stack.name)
    try:
        await collision.refuse(stack.network, stack.name, device or names.veth, names.alias)
    except AshoreError as error:
        why = "packets to the machines would go astray"
        return Finding("network", Level.ERROR, error.message, why, error.hint)
    return ok("network", f"{stack.network.cidr} is free on this host")
