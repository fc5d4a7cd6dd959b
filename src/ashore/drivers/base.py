"""What a driver must do, and what it may be able to do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Protocol, runtime_checkable

from ashore.model.types import Machine
from ashore.transport.base import Transport


class PowerState(StrEnum):
    """Of a machine: absent means it was never made or has been removed."""

    ON = "on"
    OFF = "off"
    ABSENT = "absent"


class Level(StrEnum):
    """Of a finding. An error stops `up`; a warning does not."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a preflight looked at.

    Attributes:
        id: stable, for machines: `inotify-instances`.
        what: what was found. why: why it matters. fix: what mends it, as a
            command where there is one; empty when `level` is ok.
        packages: distribution packages that `up` may install to mend it.
        mended_by_up: `up` mends it by itself (and `down` names what it leaves).
    """

    id: str
    level: Level
    what: str
    why: str = ""
    fix: str = ""
    packages: tuple[str, ...] = ()
    mended_by_up: bool = False


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What the driver needs to know to make a machine.

    Attributes:
        user_data, meta_data, network_config: the NoCloud seed, the same text
            for every driver.
        data: directories in the machine that live on a plain file system of
            their own and survive a new root (`/var/lib/etcd`).
        blank: those of them whose disk is left without a file system, for a
            component to make one; a driver that is no `BlankDisks` has none.
    """

    machine: Machine
    user_data: str
    meta_data: str
    network_config: str
    data: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()


Record = Callable[[str, str], None]
"""Writes (kind, name) of something about to be created to the stack's ledger."""


@dataclass(frozen=True, slots=True)
class BmcPlace:
    """Where the Redfish service of a stack listens.

    Attributes:
        namespace: path of the network namespace; empty for the host's.
        directory: of the stack, for the service's files and logs.
        settings: what the service's process needs to make the driver.
    """

    namespace: str
    directory: Path
    settings: Mapping[str, str]


class Driver(Protocol):
    """Makes the fabric and the machines of one stack. Constructed for a stack and an image."""

    name: str

    async def fabric_drift(self) -> list[str]: ...
    async def fabric_apply(self) -> None: ...

    async def machine_drift(self, blueprint: Blueprint) -> list[str]:
        """Differences of existence, power, limits; the seed counts only before the first boot."""
        ...

    async def machine_apply(self, blueprint: Blueprint) -> None:
        """Make (if absent), start (if off), adjust limits. Returns when it is powered on;
        it need not have booted."""
        ...

    async def states(self) -> dict[str, PowerState]:
        """Every machine of the stack that exists, found by label, not by memory."""
        ...

    async def remove(self, name: str) -> None:
        """Power off a machine and delete it with its data. No error if it is absent."""
        ...

    async def destroy(self) -> list[str]:
        """Remove everything of the stack; go on after errors; return what remains, named."""
        ...

    def transport(self, name: str) -> Transport: ...

    def bmc_place(self) -> BmcPlace: ...

    async def uplink_drift(self) -> list[str]: ...
    async def uplink_apply(self) -> None:
        """Let the stack's packets leave through this computer."""
        ...


@runtime_checkable
class Power(Protocol):
    """Optional: switch a machine like a BMC does, without asking what runs on it."""

    async def power_on(self, name: str) -> None: ...
    async def power_off(self, name: str) -> None:
        """As if the cord was pulled; returns when nothing of the machine runs any more."""
        ...


@runtime_checkable
class Freeze(Protocol):
    """Optional: stop everything on a machine where it is, as a hang does."""

    async def freeze(self, name: str) -> None: ...
    async def thaw(self, name: str) -> None:
        """Let it go on. No error if it is not frozen, or off."""
        ...


@runtime_checkable
class Disks(Protocol):
    """Optional: give a machine one more disk, whether it runs or not."""

    async def disk_add(self, name: str, disk: str, size: int) -> None:
        """An empty disk, found in the machine by the serial number `disk`; it goes with the
        machine. What an interrupted call began is ended; no error if it is all there.

        Args:
            size: bytes.

        Raises:
            AshoreError: no such machine, it has such a disk of another size, or no port is left.
        """
        ...

    def disks(self, name: str) -> Mapping[str, int]:
        """The disks that were added: serial number -> bytes."""
        ...


@runtime_checkable
class ConsoleLog(Protocol):
    """Optional: what a machine prints on its serial console is kept, and nobody can type there."""

    def console_log(self, name: str) -> Path:
        """The file; there since the machine was first powered on."""
        ...


@runtime_checkable
class BlankDisks(Protocol):
    """Optional: the disk of a data directory can be left without a file system."""

    def blank_disk(self, directory: str) -> str:
        """Where every machine finds that disk: `/dev/disk/by-id/...`."""
        ...


@runtime_checkable
class Snapshots(Protocol):
    """Optional: keep what is on a machine's disks now, and go back to it."""

    async def snapshot_take(self, name: str, label: str) -> None: ...
    async def snapshot_restore(self, name: str, label: str) -> None:
        """Of a machine that is off: its disks are as they were, and what came after is gone."""
        ...

    async def snapshot_delete(self, name: str, label: str) -> None:
        """The machine's disks stay as they are."""
        ...

    async def snapshots(self, name: str) -> list[str]:
        """The labels."""
        ...


@runtime_checkable
class Links(Protocol):
    """Optional: disturb the machines' links to the fabric."""

    async def link_cut(self, name: str, *, silently: bool) -> None:
        """Nothing passes any more. `silently`: the machine still sees a carrier."""
        ...

    async def link_part(self, names: Sequence[str]) -> None:
        """These machines no longer reach each other; everybody else still reaches them."""
        ...

    async def link_mend(self, name: str) -> None:
        """Take back whatever was done to the link. No error if the machine is off."""
        ...

    async def links_disturbed(self) -> list[str]:
        """Machines whose links are not as `link_mend` leaves them."""
        ...


@runtime_checkable
class Guests(Protocol):
    """Optional: a place in the fabric for a program of this computer, beside the machines."""

    async def guest_add(self, name: str, address: IPv4Interface) -> tuple[str, ...]:
        """Make the place; returns the command by which a program gets there."""
        ...

    async def guest_remove(self, name: str) -> None:
        """No error if it is not there."""
        ...


@runtime_checkable
class Programs(Protocol):
    """Optional: a program on a machine whose input and output are ours while it runs."""

    def inside(self, name: str, command: Sequence[str]) -> list[str]:
        """The command of this computer that runs the other one on the machine.

        Raises:
            MachineDown: it is not running.
        """
        ...


@runtime_checkable
class Namespaces(Protocol):
    """Optional: the machines' network namespaces can be entered from this computer."""

    def namespace(self, name: str) -> Path:
        """The file of the machine's network namespace; it is there while the machine is on."""
        ...


@runtime_checkable
class Console(Protocol):
    """Optional: the machines have a serial console, which works without their network."""

    def console(self, name: str) -> Path:
        """A socket of this computer that carries it; it is there while the machine is on."""
        ...
