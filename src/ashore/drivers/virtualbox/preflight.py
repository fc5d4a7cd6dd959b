"""Whether this computer can carry machines of VirtualBox, and what to do if not."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from ashore.drivers.base import Finding, Level
from ashore.drivers.virtualbox.names import Names, strangers
from ashore.drivers.virtualbox.vboxmanage import PROGRAM, Listed, VBoxManage
from ashore.errors import AshoreError
from ashore.model.types import Stack
from ashore.together import together

_OLDEST = (7, 0)
_NEWEST = (7, 2)
_DEVICE = Path("/dev/vboxdrv")
_GIB = 1 << 30
_NAT = IPv4Network("10.0.2.0/24")
"""Which VirtualBox's NAT gives out of."""


async def preflight(stack: Stack, command: Sequence[str] = PROGRAM) -> list[Finding]:
    """Everything that was looked at, the good included; changes nothing."""
    vbox = VBoxManage(command)
    try:
        found = [of_version(await vbox.version()), _module(), _memory(stack)]
        known, running = await together(vbox.machines(), vbox.machines("runningvms"))
    except AshoreError as error:
        return [_missing(error)]
    found += [of_names(stack, known), of_network(stack), _port(stack, running)]
    return [*found, *_uplink(stack)]


def _missing(error: AshoreError) -> Finding:
    return Finding(
        "vboxmanage",
        Level.ERROR,
        error.message.splitlines()[0],
        "machines are made by VirtualBox's own program VBoxManage",
        "install VirtualBox 7.0 to 7.2 (Debian has it in unstable: virtualbox)",
    )


def of_version(version: tuple[int, int, int]) -> Finding:
    """Older ones lack options that machines are made with; newer ones were not tried."""
    said = ".".join(map(str, version))
    if version[:2] < _OLDEST:
        why = "machines are made with options that 7.0 brought"
        return Finding(
            "vboxmanage", Level.ERROR, f"VirtualBox {said}", why, "install VirtualBox 7.0 to 7.2"
        )
    if version[:2] > _NEWEST:
        why = "only 7.0 to 7.2 are known to fit"
        return Finding(
            "vboxmanage", Level.WARNING, f"VirtualBox {said}", why, "try it, or install 7.2"
        )
    return Finding("vboxmanage", Level.OK, f"VirtualBox {said}")


def _module() -> Finding:
    if _DEVICE.exists():
        return Finding("vboxdrv", Level.OK, "the kernel's module is loaded")
    return Finding(
        "vboxdrv",
        Level.ERROR,
        "the kernel's module vboxdrv is not loaded",
        "no machine starts without it",
        "modprobe vboxdrv; it is built by virtualbox-dkms, or by vboxconfig",
    )


def of_names(stack: Stack, known: Sequence[Listed]) -> Finding:
    """Whether a VM stands where one of the stack's machines is to be."""
    if taken := strangers(stack, known):
        return Finding(
            "vm-names",
            Level.ERROR,
            f"VirtualBox has a VM {taken[0]} that this stack did not make",
            "names of VMs are unique, and what is somebody else's is not touched",
            "rename it (VBoxManage modifyvm --name), or give the stack another name",
        )
    return Finding("vm-names", Level.OK, "no other VM has a name of this stack's machines")


def of_network(stack: Stack) -> Finding:
    """Whether the gateway can tell its two networks apart."""
    cidr = stack.network.cidr
    if not cidr.overlaps(_NAT):
        return Finding("network", Level.OK, f"{cidr} is another network than that of the NAT")
    return Finding(
        "network",
        Level.ERROR,
        f"{cidr} overlaps with {_NAT}",
        "the gateway has a network card in VirtualBox's NAT, which uses that one",
        "give the stack another network.cidr",
    )


def _port(stack: Stack, running: Sequence[Listed]) -> Finding:
    """A gateway of this stack that is on holds the port itself."""
    names = Names(stack.name)
    port = names.ssh_port
    if any(names.machine(vm.name) is not None for vm in running) or _free(port):
        return Finding("ssh-port", Level.OK, f"port {port} leads to the gateway's SSH")
    return Finding(
        "ssh-port",
        Level.ERROR,
        f"port {port} of the loopback is taken",
        "the machines are reached through it, and it follows from the stack's name",
        f"end what listens there (ss -lnt sport = :{port}), or give the stack another name",
    )


def _free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _uplink(stack: Stack) -> list[Finding]:
    if stack.network.uplink != "none":
        return []
    return [
        Finding(
            "uplink",
            Level.WARNING,
            "network.uplink is none",
            "VirtualBox's NAT, by which the gateway is reached, also leads outside",
            "keep the stack in by a firewall of this computer",
        )
    ]


def _memory(stack: Stack) -> Finding:
    text = Path("/proc/meminfo").read_text()
    kib = next(int(x.split()[1]) for x in text.splitlines() if x.startswith("MemAvailable:"))
    wanted = sum(machine.memory for machine in stack.machines)
    what = f"{kib * 1024 / _GIB:.1f} GiB of memory available"
    if kib * 1024 >= wanted:
        return Finding("memory", Level.OK, what)
    return Finding(
        "memory",
        Level.WARNING,
        what,
        f"the machines take {wanted / _GIB:.1f} GiB together",
        "lower `memory` or `count` of the machines in the stack file",
    )
