"""Machines as system containers of systemd-nspawn, for one stack on this computer."""

import math
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from ashore.drivers.base import Blueprint, PowerState, Record
from ashore.drivers.nspawn import golden, root, settings, supervise, teardown
from ashore.drivers.nspawn.freezer import Freezer
from ashore.drivers.nspawn.layout import Definition, Layout
from ashore.drivers.shared.onfabric import OnFabric
from ashore.drivers.shared.teardown import machines
from ashore.errors import AshoreError
from ashore.host import files
from ashore.host.locks import exclusive
from ashore.image.types import Image
from ashore.model.types import Role, Stack
from ashore.transport.nsenter import NsenterTransport

_SWITCHING = 30.0
"""Seconds to wait for another process that switches the same machine."""


class NspawnDriver(OnFabric):
    """A `Driver` with `Power`, `Freeze`, `Links`, `Guests`, `Programs` and `Namespaces`."""

    name = "nspawn"

    def __init__(self, stack: Stack, image: Image, state: Path, record: Record) -> None:
        super().__init__(stack, state, record)
        self._image = image
        self._supervisor = supervise.choose(self._names)
        self._freezer = Freezer(self._names)

    async def fabric_drift(self) -> list[str]:
        """See `Driver`."""
        return [*settings.drift(), *await self._fabric.drift()]

    async def fabric_apply(self) -> None:
        """See `Driver`."""
        self._record_fabric()
        await settings.mend(self._record)
        if await self._fabric.drift():
            await self._fabric.apply()

    async def machine_drift(self, blueprint: Blueprint) -> list[str]:
        """See `Driver`."""
        name = blueprint.machine.name
        layout = self._layout(name)
        if layout.load() is None:
            return ["the machine does not exist"]
        differs: list[str] = []
        if not layout.booted and root.seed_differs(layout, blueprint):
            differs.append("the seed of its first boot differs")
        leader = self._supervisor.leader(name)
        if leader is None:
            return [*differs, "the machine is off"]
        if not supervise.linked(leader):
            differs.append("its link to the fabric is missing")
        return differs + self._limits_differ(blueprint)

    def _limits_differ(self, blueprint: Blueprint) -> list[str]:
        machine = blueprint.machine
        limits = self._supervisor.limits(machine.name)
        differs: list[str] = []
        if limits.cpus is None or not math.isclose(limits.cpus, machine.cpus, abs_tol=0.005):
            differs.append(f"it may use {limits.cpus or 'all'} cpus instead of {machine.cpus}")
        # The kernel keeps whole pages.
        if limits.memory is None or abs(limits.memory - machine.memory) >= 1 << 16:
            differs.append(f"it may use {limits.memory or 'all'} bytes instead of {machine.memory}")
        return differs

    async def machine_apply(self, blueprint: Blueprint) -> None:
        """See `Driver`."""
        name = blueprint.machine.name
        layout = self._layout(name)
        wanted = self._wanted(blueprint, layout.load())
        if layout.load() is None:
            self._record("machine", name)
            await self._make(blueprint)
        elif not layout.booted:
            root.write_seed(layout, blueprint)
        layout.save(wanted)
        leader = self._supervisor.leader(name)
        if leader is None:
            await self.power_on(name)
            return
        if not supervise.linked(leader):
            await self._fabric.plug(name, wanted.mac)
        await self._supervisor.limit(wanted)

    async def _make(self, blueprint: Blueprint) -> None:
        name = blueprint.machine.name
        layout = self._layout(name)
        await teardown.kill(self._supervisor, name)
        await files.remove([layout.directory])
        legacy = self._supervisor.legacy
        root.build(layout, blueprint, self._stack.name, legacy=legacy)
        for directory in blueprint.data:
            await golden.fill(layout.data(directory), self._image.golden.get(directory))

    def _wanted(self, blueprint: Blueprint, old: Definition | None) -> Definition:
        """What the machine is to be; one that exists keeps what it was made from."""
        machine = blueprint.machine
        return Definition(
            machine=machine.name,
            mac=machine.mac,
            cpus=machine.cpus,
            memory=machine.memory,
            # Corosync's membership must not wait for a busy neighbour.
            realtime=machine.role is Role.LOADBALANCER,
            layers=old.layers if old else tuple(map(str, self._image.layers)),
            data=old.data if old else blueprint.data,
        )

    async def power_on(self, name: str) -> None:
        """See `Power`."""
        layout = self._layout(name)
        definition = layout.load()
        if definition is None:
            raise AshoreError(f"{name}: no such machine in stack {self._stack.name}")
        if self._supervisor.leader(name) is not None:
            return
        async with self._switching(name):
            if self._supervisor.leader(name) is not None:
                return
            if self._fabric.plugged(name) or name in self._supervisor.found():
                await self._off(name)
                await self._supervisor.reap(name)
            await self._fabric.plug(name, definition.mac)
            await self._supervisor.start(definition, layout)

    async def power_off(self, name: str) -> None:
        """See `Power`. Also clears what a machine that died by itself left behind."""
        async with self._switching(name):
            await self._off(name)

    def _switching(self, name: str) -> AbstractAsyncContextManager[None]:
        """One process at a time switches a machine: `up`, a drill, or the Redfish service."""
        return exclusive(self._layout(name).directory / "power.lock", _SWITCHING)

    async def _off(self, name: str) -> None:
        await self._fabric.cut(name)
        self._freezer.thaw(name)  # what is frozen does not die before it is thawed
        await self._supervisor.kill(name)
        await self._fabric.unplug(name)
        teardown.forget(self._names.container(name))

    async def states(self) -> dict[str, PowerState]:
        """See `Driver`."""
        found = dict.fromkeys(machines(self._machines), PowerState.OFF)
        for name, runs in self._supervisor.found().items():
            found[name] = PowerState.ON if runs else PowerState.OFF
        return found

    async def remove(self, name: str) -> None:
        """See `Driver`."""
        await self.power_off(name)
        await self._supervisor.reap(name)
        await files.remove([self._layout(name).directory])

    async def destroy(self) -> list[str]:
        """See `Driver`."""
        return await teardown.destroy(self._names, self._fabric, self._supervisor, self._machines)

    def transport(self, name: str) -> NsenterTransport:
        """See `Driver`."""
        return NsenterTransport(
            name,
            lambda: self._supervisor.leader(name),
            lambda: self._supervisor.joins(name),
        )

    def inside(self, name: str, command: Sequence[str]) -> list[str]:
        """See `Programs`."""
        return self.transport(name).argv(command)

    async def freeze(self, name: str) -> None:
        """See `Freeze`."""
        await self._freezer.freeze(name)

    async def thaw(self, name: str) -> None:
        """See `Freeze`."""
        self._freezer.thaw(name)

    async def link_cut(self, name: str, *, silently: bool) -> None:
        """See `Links`."""
        await self._ports.link_cut(name, silently=silently)

    async def link_mend(self, name: str) -> None:
        """See `Links`."""
        await self._ports.link_mend(name)

    async def links_disturbed(self) -> list[str]:
        """See `Links`."""
        return await self._ports.links_disturbed()

    def namespace(self, name: str) -> Path:
        """See `Namespaces`."""
        return self._names.netns_path(name)

    def _layout(self, name: str) -> Layout:
        return Layout(self._machines / name)
