"""Machines as virtual machines of QEMU, for one stack on this computer."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from ipaddress import IPv4Address
from pathlib import Path

from ashore.drivers.base import Blueprint, PowerState, Record
from ashore.drivers.qemu import command, disks, hotplug, kvm, process, qmp, seed
from ashore.drivers.qemu.layout import Definition, Layout
from ashore.drivers.shared import disks as golden_disks
from ashore.drivers.shared import hook, teardown, uplink
from ashore.drivers.shared.disks import Golden
from ashore.drivers.shared.onfabric import OnFabric
from ashore.errors import AshoreError, ExitCode
from ashore.events import ignore
from ashore.host import files
from ashore.host.locks import exclusive
from ashore.model.types import Stack
from ashore.transport import ssh
from ashore.transport.ssh import Login, SshTransport, Way

_SWITCHING = 60.0
"""Seconds to wait for another process that switches the same machine."""


class QemuDriver(OnFabric):
    """A `Driver` with `Power`, `Freeze`, `Links`, `Guests`, `Programs`, `Console`, `Disks` and
    `BlankDisks`.

    Args:
        login: makes what this computer logs in to the machines with.
    """

    name = "qemu"

    def __init__(
        self, stack: Stack, golden: Golden, state: Path, record: Record, login: Callable[[], Login]
    ) -> None:
        super().__init__(stack, state, record)
        self._golden = golden
        self._login = login

    async def fabric_drift(self) -> list[str]:
        """See `Driver`."""
        return await self._fabric.drift()

    async def fabric_apply(self) -> None:
        """See `Driver`."""
        self._record_fabric()
        await self._fabric.apply()

    async def machine_drift(self, blueprint: Blueprint) -> list[str]:
        """See `Driver`."""
        name = blueprint.machine.name
        layout = self._layout(name)
        definition = layout.load()
        if definition is None:
            return ["the machine does not exist"]
        wanted = self._wanted(blueprint, definition)
        differs: list[str] = []
        if not layout.started and wanted.seed != definition.seed:
            differs.append("the seed of its first boot differs")
        if not self._runs(name):
            return [*differs, "the machine is off"]
        if name not in await self._fabric.ports():
            differs.append("its link to the fabric is missing")
        if (wanted.cpus, wanted.memory) != (definition.cpus, definition.memory):
            differs.append("processors or memory are others from its next start")
        return differs

    async def machine_apply(self, blueprint: Blueprint) -> None:
        """See `Driver`. Processors and memory of a running machine change at its next start."""
        name = blueprint.machine.name
        layout = self._layout(name)
        old = layout.load()
        wanted = self._wanted(blueprint, old)
        if old is None:
            self._record("machine", name)
            await self._make(blueprint, wanted)
        elif not layout.started:
            await seed.write(layout.seed, self._seed(blueprint, wanted))
        layout.save(wanted)
        if self._runs(name) and name not in await self._fabric.ports():
            # Its tap went with the fabric; QEMU cannot be given another one.
            await self.power_off(name)
        await self.power_on(name)

    async def _make(self, blueprint: Blueprint, wanted: Definition) -> None:
        name = blueprint.machine.name
        layout = self._layout(name)
        await process.kill(self._names, name)
        await files.remove([layout.directory])
        files.make_directory(layout.directory)
        if wanted.programs:
            await golden_disks.programs(self._golden, ignore)
        data = {directory: layout.data(directory) for directory in blueprint.data}
        await disks.layers(self._golden, layout.disk, data, blueprint.blank, ignore)
        await seed.write(layout.seed, self._seed(blueprint, wanted))

    def _wanted(self, blueprint: Blueprint, old: Definition | None) -> Definition:
        """What the machine is to be; one that exists keeps what it was made from."""
        machine, golden = blueprint.machine, self._golden
        programs = old.programs if old else str(golden.programs if golden.image.layers else "")
        content = seed.files(blueprint, programs=bool(programs))
        return Definition(
            machine=machine.name,
            address=str(machine.address),
            mac=machine.mac,
            cpus=machine.cpus,
            memory=machine.memory,
            disk=old.disk if old else str(golden.disk),
            programs=programs,
            data=old.data if old else blueprint.data,
            added=old.added if old else {},
            seed=old.seed if old and self._layout(machine.name).started else seed.digest(content),
        )

    @staticmethod
    def _seed(blueprint: Blueprint, wanted: Definition) -> dict[str, str]:
        return dict(seed.files(blueprint, programs=bool(wanted.programs)))

    async def power_on(self, name: str) -> None:
        """See `Power`."""
        layout = self._layout(name)
        self._defined(name)  # or the lock would be in a directory that is not there
        async with self._switching(name):
            if self._runs(name):
                return
            definition = self._defined(name)
            await self._off(name)
            await self._fabric.tap(name)
            await self._start(definition, layout)

    async def _start(self, definition: Definition, layout: Layout) -> None:
        found = command.firmware()
        if found is None:
            raise AshoreError("there is no EFI firmware", "apt-get install ovmf", ExitCode.HOST)
        code, variables = found
        if not layout.started:
            files.write(layout.variables, variables.read_bytes(), 0o600)
        usable = not await kvm.missing()
        argv = command.qemu(definition, layout, self._names, code, kvm=usable)
        await process.start(argv, definition, layout, self._names)

    async def power_off(self, name: str) -> None:
        """See `Power`. Also clears what a machine that died by itself left behind."""
        async with self._switching(name):
            await self._off(name)

    def _switching(self, name: str) -> AbstractAsyncContextManager[None]:
        """One process at a time switches a machine: `up`, a drill, or the Redfish service."""
        return exclusive(self._layout(name).directory / "power.lock", _SWITCHING)

    async def _off(self, name: str) -> None:
        await process.kill(self._names, name)
        await self._fabric.cut(name)
        await ssh.close(self._layout(name).connection)

    async def states(self) -> dict[str, PowerState]:
        """See `Driver`."""
        known = dict.fromkeys(teardown.machines(self._machines), PowerState.OFF)
        return known | dict.fromkeys(process.found(self._names), PowerState.ON)

    async def remove(self, name: str) -> None:
        """See `Driver`."""
        await self.power_off(name)
        await files.remove([self._layout(name).directory])

    async def destroy(self) -> list[str]:
        """See `Driver`."""
        names, fabric = self._names, self._fabric
        known = await self.states()
        errors = await teardown.attempt([process.kill(names, name) for name in known])
        connections = [self._layout(name).connection for name in known]
        errors += await teardown.attempt([ssh.close(each) for each in connections])
        errors += await teardown.attempt([fabric.destroy(), uplink.remove(names)])
        errors += await teardown.attempt([teardown.delete(self._machines)])
        errors += await teardown.attempt([teardown.leave_netns()])
        left = [f"machine {name}: processes" for name in process.found(names)]
        left += await teardown.leftovers(names, self._machines)
        return [*left, *errors] if left else []

    def transport(self, name: str) -> SshTransport:
        """See `Driver`."""
        machine, layout = self._stack.machine(name), self._layout(name)
        definition = layout.load() if machine is None else None
        address = machine.address if machine else self._stack.network.host
        if definition is not None:  # the file no longer names it
            address = IPv4Address(definition.address)
        way = Way(name, address, layout.connection, self._stack.network.host)
        return SshTransport(way, self._login, lambda: self._runs(name))

    def inside(self, name: str, command: Sequence[str]) -> list[str]:
        """See `Programs`."""
        return self.transport(name).inside(command)

    def console(self, name: str) -> Path:
        """See `Console`."""
        return self._layout(name).console_socket

    async def disk_add(self, name: str, disk: str, size: int) -> None:
        """See `Disks`."""
        async with self._switching(name):
            definition = self._defined(name)
            layout = self._layout(name)
            await hotplug.add(definition, layout, disk, size, runs=self._runs(name))

    def disks(self, name: str) -> Mapping[str, int]:
        """See `Disks`."""
        return self._defined(name).added

    def blank_disk(self, directory: str) -> str:
        """See `BlankDisks`."""
        return hook.device(seed.DISKS, directory)

    def _defined(self, name: str) -> Definition:
        definition = self._layout(name).load()
        if definition is None:
            raise AshoreError(f"{name}: no such machine in stack {self._stack.name}")
        return definition

    async def freeze(self, name: str) -> None:
        """See `Freeze`."""
        await qmp.ask(self._layout(name).qmp, name, [("stop", {})])

    async def thaw(self, name: str) -> None:
        """See `Freeze`."""
        if self._runs(name):
            await qmp.ask(self._layout(name).qmp, name, [("cont", {})])

    async def link_cut(self, name: str, *, silently: bool) -> None:
        """See `Links`."""
        await self._ports.link_cut(name, silently=silently)
        if not silently:
            await self._carrier(name, up=False)

    async def link_mend(self, name: str) -> None:
        """See `Links`."""
        if self._runs(name):
            await self._ports.link_mend(name)
            await self._carrier(name, up=True)

    async def _carrier(self, name: str, *, up: bool) -> None:
        """The bridge's port does not tell the guest whether its cable is in."""
        await qmp.ask(self._layout(name).qmp, name, [("set_link", {"name": "nic", "up": up})])

    async def links_disturbed(self) -> list[str]:
        """See `Links`. The port of a machine that is off has no carrier."""
        runs = process.found(self._names)
        return [name for name in await self._ports.links_disturbed() if name in runs]

    def _runs(self, name: str) -> bool:
        return name in process.found(self._names)

    def _layout(self, name: str) -> Layout:
        return Layout(self._machines / name)
