"""Which driver makes the machines of a stack, and what it needs to make them from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ashore.app.select import Chosen
from ashore.drivers.base import Finding, Record
from ashore.drivers.nspawn.driver import NspawnDriver
from ashore.drivers.qemu import kvm
from ashore.drivers.qemu.driver import QemuDriver
from ashore.drivers.shared.disks import Golden
from ashore.drivers.shared.programs import PROGRAMS_NEED, ProgramsStep
from ashore.drivers.virtualbox.driver import VirtualBoxDriver
from ashore.drivers.virtualbox.vboxmanage import VBoxManage, program
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit
from ashore.host import facts
from ashore.image import build, disksteps
from ashore.image import steps as image
from ashore.image.disksteps import DiskStep, FormatStep, Order, TreeStep
from ashore.image.distributions import distribution
from ashore.image.formats import FORMATS
from ashore.image.layout import layout
from ashore.model.host import HostFacts
from ashore.model.load import loads_stack
from ashore.patience import patience as own_patience
from ashore.plan.step import Step
from ashore.supply.base import Room
from ashore.transport.ssh import Login

Machines = NspawnDriver | QemuDriver | VirtualBoxDriver

VDI = FORMATS["vdi"]

# Booting three machines at once on two processors took five times as long as one alone.
_EMULATED = 10.0

# A virtual machine has a kernel of its own, with the defaults of its distribution.
_OWN_KERNEL = HostFacts(cgroup=2, cap_sys_resource=True)


def driver(chosen: Chosen, record: Record, login: Callable[[], Login]) -> Machines:
    """The driver of a stack. Changes nothing.

    Raises:
        AshoreError: the stack's machines were made by another one.
    """
    refuse_another(chosen)
    return next(each for each in every(chosen, record, login) if each.name == chosen.stack.driver)


def refuse_another(chosen: Chosen) -> None:
    """Raise if the stack's machines were made by another driver than the file names.

    Only as long as the stack file that they were made from is kept: ask before another one is.

    Raises:
        AshoreError: they were.
    """
    wanted, made = chosen.stack.driver, _made_by(chosen)
    if made not in ("", wanted):
        name = chosen.stack.name
        raise AshoreError(
            f"the machines of {name} were made with `driver: {made}`, not {wanted}",
            f"`ashore down --stack {name}` removes them; then `ashore up` makes others",
            ExitCode.USAGE,
        )


def every(chosen: Chosen, record: Record, login: Callable[[], Login]) -> list[Machines]:
    """All drivers, for who removes whatever there is.

    VirtualBox is the first: it wants the files of a machine that it is to forget.
    """
    stack, state = chosen.stack, chosen.state.root
    golden = _golden(chosen)
    return [
        VirtualBoxDriver(stack, _as_vdi(chosen), state, record, login, VBoxManage(program())),
        NspawnDriver(stack, golden.image, state, record),
        QemuDriver(stack, golden, state, record, login),
    ]


def _golden(chosen: Chosen) -> Golden:
    planned = build.planned(chosen.stack, chosen.cache)
    return Golden(_order(chosen).raw, planned, chosen.cache)


def _as_vdi(chosen: Chosen) -> Golden:
    return replace(_golden(chosen), disk=_order(chosen).made(VDI), format="vdi")


def _made_by(chosen: Chosen) -> str:
    """The driver of the stack file that `up` has kept; empty if there is none to be read."""
    text = chosen.state.stack_file_text()
    if text is None or text == chosen.text:
        return ""
    try:
        return loads_stack(text, "the saved copy").driver
    except AshoreError:
        return ""


def steps(chosen: Chosen, emit: Emit) -> list[Step]:
    """What the machines are made from; the last of them has the key `image`."""
    stack, cache = chosen.stack, chosen.cache
    if stack.driver == "nspawn":
        return [*image.steps(stack, cache, emit)]
    order = _order(chosen)
    found: list[Step] = [
        image.SupplyStep(stack, cache, emit),
        image.RootStep(cache, emit),
        image.ImageStep(stack, cache, emit, key="image/store"),
        TreeStep(order, emit),
        DiskStep(order, emit),
    ]
    if stack.driver == "qemu":
        return [*found, ProgramsStep(_golden(chosen), emit)]
    vdi = FormatStep(order, VDI, emit)
    return [*found, vdi, ProgramsStep(_as_vdi(chosen), emit, needs=(*PROGRAMS_NEED, vdi.key))]


def host_packages(chosen: Chosen) -> tuple[str, ...]:
    """Distribution packages that this host needs to make what is not cached yet."""
    needed = build.host_packages(chosen.stack, chosen.cache)
    if chosen.stack.driver != "nspawn":
        needed += disksteps.host_packages(_order(chosen))
    return tuple(dict.fromkeys(needed))


def room(chosen: Chosen) -> Room:
    """Bytes that the cache is still going to take until machines can be made."""
    found = build.room(chosen.stack, chosen.cache)
    nspawn = chosen.stack.driver == "nspawn"
    return found if nspawn else found.plus(disksteps.room(_order(chosen)))


async def preflight(chosen: Chosen) -> list[Finding]:
    """Whether this host can carry the stack's machines."""
    place: tuple[Path, Path, Room] = (chosen.state.root, chosen.cache, room(chosen))
    if chosen.stack.driver == "nspawn":
        from ashore.drivers.nspawn.preflight import preflight as containers

        return await containers(chosen.stack, *place)
    if chosen.stack.driver == "virtualbox":
        from ashore.drivers.virtualbox.preflight import preflight as virtualbox

        return await virtualbox(chosen.stack, *place, VBoxManage(program()))
    from ashore.drivers.qemu.preflight import preflight as virtual

    return await virtual(chosen.stack, *place)


def seen_by_machines(chosen: Chosen) -> HostFacts:
    """The kernel that the machines run on, as far as it changes what they are told."""
    if chosen.stack.driver == "nspawn":
        return facts.ask()
    # VirtualBox emulates no processor: it does not start where it would have to.
    emulated = chosen.stack.driver == "qemu" and kvm.known_missing()
    slower = max(own_patience(), _EMULATED if emulated else 1.0)
    return replace(_OWN_KERNEL, patience=slower)


async def patience(chosen: Chosen) -> float:
    """How many times as long steps may take as on machines that the processor runs itself."""
    return _EMULATED if chosen.stack.driver == "qemu" and await kvm.missing() else 1.0


def _order(chosen: Chosen) -> Order:
    """The golden disk, as the stack file wants it."""
    disk = chosen.stack.disk
    formats = (VDI,) if chosen.stack.driver == "virtualbox" else ()
    return Order(distribution(disk.os), layout(disk), formats, chosen.cache, None)
