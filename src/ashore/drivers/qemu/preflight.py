"""Whether this host can carry a stack of virtual machines, and what to do if not."""

from pathlib import Path

from ashore.drivers.base import Finding, Level
from ashore.drivers.qemu import command, kvm
from ashore.drivers.qemu.layout import Layout
from ashore.drivers.shared import preflight as host
from ashore.drivers.shared.preflight import ok, probe
from ashore.model.types import Stack
from ashore.supply.base import Room
from ashore.together import together

TOOLS: host.Tools = {
    command.PROGRAM: ("qemu-system-x86", "qemu-system-x86-core", "qemu-system-x86"),
    "qemu-img": ("qemu-utils", "qemu-img", "qemu-img"),
    "mcopy": ("mtools", "mtools", "mtools"),
    "mkfs.vfat": ("dosfstools", "dosfstools", "dosfstools"),
    "mke2fs": ("e2fsprogs", "e2fsprogs", "e2fsprogs"),
    "ssh": ("openssh-client", "openssh-clients", "openssh"),
    "ip": ("iproute2", "iproute", "iproute2"),
    "nft": ("nftables", "nftables", "nftables"),
    "nsenter": ("util-linux", "util-linux", "util-linux"),
}


async def preflight(stack: Stack, state: Path, cache: Path, room: Room) -> list[Finding]:
    """Everything that was looked at, the good included; changes nothing of the stack."""
    found = [host.architecture(), *host.privilege(), *host.tools(TOOLS), _firmware(), host.tun()]
    found += [*host.room(state, cache, room), host.memory(stack)]
    kept = [Layout(state / "machines" / m.name).connection for m in stack.machines]
    found.append(host.sockets(kept))
    if any(f.level is Level.ERROR for f in found):
        return found
    probes = (_kvm(), _links_work(), host.network(stack), host.firewall(stack))
    return [*found, *await together(*probes)]


def _firmware() -> Finding:
    found = command.firmware()
    if found is not None:
        return ok("firmware", f"EFI firmware {found[0]}")
    return Finding(
        "firmware",
        Level.ERROR,
        "no EFI firmware for virtual machines",
        "the machines' disk is started by it",
        "apt-get install ovmf",
        packages=("ovmf",),
    )


async def _kvm() -> Finding:
    missing = await kvm.missing()
    if not missing:
        return ok("kvm", "the processor runs virtual machines itself (KVM)")
    return Finding(
        "kvm",
        Level.WARNING,
        f"no KVM: {missing}",
        "processors are emulated by software, ten to thirty times slower; Kubernetes does not "
        "keep its own deadlines then, and its nodes may never be Ready",
        "run it on a computer with KVM, or take `driver: nspawn`; if something else only had it "
        f"in use, end that and rm -f {kvm.KNOWN}: it is asked once for each boot",
    )


async def _links_work() -> Finding:
    """Make the kinds of links that the stack needs in a namespace that ends with the command."""
    lines = (
        "link add veth0 type veth peer name veth1\n"
        "link add br0 type bridge\n"
        "tuntap add dev tap0 mode tap\n"
    )
    why = "the stack's network is made of taps, a bridge and a veth pair"
    argv = ["unshare", "--net", "ip", "-batch", "-"]
    fix = "modprobe -a veth bridge tun"
    return await probe("links", argv, lines, "veth, bridge and tap links", why, fix)
