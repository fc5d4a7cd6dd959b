"""Whether this computer can carry machines of VirtualBox, and what to do if not."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from ashore.drivers.base import Finding, Level
from ashore.drivers.shared import preflight as host
from ashore.drivers.shared.preflight import ok
from ashore.drivers.virtualbox.layout import Layout
from ashore.drivers.virtualbox.names import Names, strangers
from ashore.drivers.virtualbox.vboxmanage import INSTALL, Listed, VBoxManage
from ashore.errors import AshoreError
from ashore.model.types import Stack
from ashore.supply.base import Room
from ashore.together import together

_OLDEST = (7, 0)
_NEWEST = (7, 2)
_DEVICE = Path("/dev/vboxdrv")
_KVM = Path("/sys/module/kvm/parameters/enable_virt_at_load")
"""Of Linux 6.12 and later: whether KVM takes the processor's extension when it is loaded."""
_NAT = IPv4Network("10.0.2.0/24")
"""Which VirtualBox's NAT gives out of."""


TOOLS: host.Tools = {
    "qemu-img": ("qemu-utils", "qemu-img", "qemu-img"),
    "mke2fs": ("e2fsprogs", "e2fsprogs", "e2fsprogs"),
    "ssh": ("openssh-client", "openssh-clients", "openssh"),
    "ip": ("iproute2", "iproute", "iproute2"),
}


async def preflight(
    stack: Stack, state: Path, cache: Path, room: Room, vbox: VBoxManage
) -> list[Finding]:
    """Everything that was looked at, the good included; changes nothing."""
    found = [host.architecture(), *host.privilege(), *host.tools(TOOLS), host.tun()]
    found += [*host.room(state, cache, room), host.memory(stack), of_network(stack)]
    kept = [Layout(state / "machines" / m.name).connection for m in stack.machines]
    found.append(host.sockets(kept))
    if not any(f.level is Level.ERROR for f in found):
        found += await together(host.network(stack, Names(stack.name).link), _tun_works())
    return [*found, *await _of_virtualbox(stack, vbox)]


async def _of_virtualbox(stack: Stack, vbox: VBoxManage) -> list[Finding]:
    try:
        found = [of_version(await vbox.version()), _module(), of_kvm()]
        known, running = await together(vbox.machines(), vbox.machines("runningvms"))
    except AshoreError as error:
        return [_missing(error)]
    return [*found, of_names(stack, known), _port(stack, running)]


def _missing(error: AshoreError) -> Finding:
    return Finding(
        "vboxmanage",
        Level.ERROR,
        error.message.splitlines()[0],
        "machines are made by VirtualBox's own program VBoxManage",
        INSTALL,
    )


async def _tun_works() -> Finding:
    """Make a link of the kind that the stack needs in a namespace that ends with the command."""
    argv = ["unshare", "--net", "ip", "-batch", "-"]
    why = "this computer's link into the stack is one"
    line = "tuntap add dev tun0 mode tun\n"
    return await host.probe("links", argv, line, "tun links", why, "modprobe tun")


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
    return ok("vboxmanage", f"VirtualBox {said}")


def _module() -> Finding:
    if _DEVICE.exists():
        return ok("vboxdrv", "the kernel's module is loaded")
    return Finding(
        "vboxdrv",
        Level.ERROR,
        "the kernel's module vboxdrv is not loaded",
        "no machine starts without it",
        "modprobe vboxdrv; it is built by virtualbox-dkms, or by vboxconfig",
    )


def of_kvm() -> Finding:
    """Whether KVM leaves the processor's extension for virtual machines to VirtualBox.

    A warning: with some newer kernels VirtualBox gets along with it (virtualbox issue 711).
    """
    vendors = [_KVM.parents[2] / name for name in ("kvm_intel", "kvm_amd")]
    holder = next((vendor.name for vendor in vendors if vendor.exists()), None)
    if holder is None or not _KVM.exists() or _KVM.read_text().strip() != "Y":
        return ok("kvm", "KVM does not hold the processor's extension for virtual machines")
    return Finding(
        "kvm",
        Level.WARNING,
        f"the kernel's module {holder} holds the processor's extension for virtual machines",
        "VirtualBox may start no machine beside it (VERR_VMX_IN_VMX_ROOT_MODE, VERR_SVM_IN_USE)",
        f"modprobe -r {holder}, or boot with kvm.enable_virt_at_load=0",
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
    return ok("vm-names", "no other VM has a name of this stack's machines")


def of_network(stack: Stack) -> Finding:
    """Whether the gateway can tell its two networks apart."""
    cidr = stack.network.cidr
    if not cidr.overlaps(_NAT):
        return ok("nat", f"{cidr} is another network than that of the NAT")
    return Finding(
        "nat",
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
        return ok("ssh-port", f"port {port} leads to the gateway's SSH")
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
