"""A driver's work as steps: the fabric, each machine, and machines that are wanted no more."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ashore.drivers.base import Blueprint, Driver, PowerState


@dataclass(frozen=True)
class Fabric:
    """The network that the stack's machines share."""

    driver: Driver
    key: str = "fabric"
    title: str = "lay the network"
    layer: str = "fabric"
    machine: None = None
    needs: tuple[str, ...] = ()

    async def drift(self) -> list[str]:
        """See `Step`."""
        return await self.driver.fabric_drift()

    async def apply(self) -> None:
        """See `Step`."""
        await self.driver.fabric_apply()


@dataclass(frozen=True)
class Uplink:
    """The stack's packets leave through this computer."""

    driver: Driver
    key: str = "uplink"
    title: str = "let the stack out"
    layer: str = "fabric"
    machine: None = None
    needs: tuple[str, ...] = ("fabric",)

    async def drift(self) -> list[str]:
        """See `Step`."""
        return await self.driver.uplink_drift()

    async def apply(self) -> None:
        """See `Step`."""
        await self.driver.uplink_apply()


@dataclass(frozen=True)
class Made:
    """A machine exists with its limits and is powered on."""

    driver: Driver
    blueprint: Blueprint = field(repr=False)
    title: str = "make and power on"
    layer: str = "machines"
    needs: tuple[str, ...] = ("fabric", "image")

    @property
    def key(self) -> str:
        return f"{self.machine}/machine"

    @property
    def machine(self) -> str:
        return self.blueprint.machine.name

    async def drift(self) -> list[str]:
        """See `Step`."""
        return await self.driver.machine_drift(self.blueprint)

    async def apply(self) -> None:
        """See `Step`."""
        await self.driver.machine_apply(self.blueprint)


@dataclass(frozen=True)
class Removed:
    """A machine that the file no longer names is gone, after it was taken out of service.

    Attributes:
        retire: takes the machine out of what it was part of, while it still runs.
    """

    driver: Driver
    machine: str
    retire: Callable[[], Awaitable[None]] = field(repr=False)
    needs: tuple[str, ...]
    title: str = "remove after draining"
    layer: str = "machines"

    @property
    def key(self) -> str:
        return f"{self.machine}/removed"

    async def drift(self) -> list[str]:
        """See `Step`."""
        known = self.machine in await self.driver.states()
        return ["the stack file no longer names it"] if known else []

    async def apply(self) -> None:
        """See `Step`."""
        await self.retire()
        await self.driver.remove(self.machine)


def extra(states: dict[str, PowerState], wanted: set[str]) -> list[str]:
    """Machines that exist and are wanted no more, by name."""
    return sorted(name for name in states if name not in wanted)
