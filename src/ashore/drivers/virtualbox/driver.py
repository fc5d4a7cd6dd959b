"""Machines as virtual machines of VirtualBox, for one stack on this computer."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from ipaddress import IPv4Address
from pathlib import Path

from ashore.drivers.base import Blueprint, BmcPlace, PowerState, Record
from ashore.drivers.shared import disks, hook
from ashore.drivers.shared import teardown as shared
from ashore.drivers.shared.disks import Golden
from ashore.drivers.virtualbox import machine, seed, teardown
from ashore.drivers.virtualbox.layout import Layout
from ashore.drivers.virtualbox.machine import Definition, Limits
from ashore.drivers.virtualbox.names import Names, strangers
from ashore.drivers.virtualbox.tunnel import Tunnel
from ashore.drivers.virtualbox.vboxmanage import Medium, VBoxManage
from ashore.errors import AshoreError, ExitCode
from ashore.events import ignore
from ashore.host import files
from ashore.host.locks import exclusive
from ashore.model.types import Role, Stack
from ashore.transport import ssh
from ashore.transport.ssh import Login, SshTransport, Way

_SWITCHING = 60.0
"""Seconds to wait for another process that changes the same machine."""

_START = 120.0
_STOP = 30.0
_SNAPSHOT = 600.0  # one that is deleted is merged into the disk below it

_OFF = {"poweroff", "aborted", "saved", "aborted-saved"}
"""Values of VMState with which nothing of a machine runs."""


class VirtualBoxDriver:
    """A `Driver` with `Power`, `Freeze`, `Snapshots`, `Programs`, `ConsoleLog` and `BlankDisks`.

    Args:
        golden: disks as VDI; they are neither written to nor deleted.
        state: the stack's own directory (`/var/lib/ashore/demo`).
        login: makes what this computer logs in to the machines with.
    """

    name = "virtualbox"

    def __init__(
        self,
        stack: Stack,
        golden: Golden,
        state: Path,
        record: Record,
        login: Callable[[], Login],
        vbox: VBoxManage,
    ) -> None:
        self._stack = stack
        self._golden = golden
        self._machines = state / "machines"
        self._record = record
        self._login = login
        self._names = Names(stack.name)
        self._tunnel = Tunnel(self._names, stack.network, state / "tunnel")
        self._vbox = vbox
        # The first clone opens the golden disk and the last one that goes closes it.
        self._making = asyncio.Lock()

    async def fabric_drift(self) -> list[str]:
        """See `Driver`. An internal network comes into being with its first machine."""
        foreign = [f"a VM {name} exists that is not this stack's" for name in await self._foreign()]
        return foreign + await self._tunnel.drift(self._gateway(), self._login)

    async def fabric_apply(self) -> None:
        """Lay this computer's link; refuse to go on beside a VM that somebody else made."""
        if foreign := await self._foreign():
            raise AshoreError(
                f"VirtualBox has a VM {foreign[0]} that this stack did not make",
                "rename it (VBoxManage modifyvm --name), or give the stack another name",
                ExitCode.HOST,
            )
        self._record("link", self._names.link)
        await self._tunnel.apply(self._gateway(), self._login)

    async def _foreign(self) -> list[str]:
        return strangers(self._stack, await self._vbox.machines())

    async def uplink_drift(self) -> list[str]:
        """Nothing is ever missing: the gateway's first network card is VirtualBox's own NAT."""
        return []

    async def uplink_apply(self) -> None:
        """See `uplink_drift`."""

    def bmc_place(self) -> BmcPlace:
        """See `Driver`: in the host's own namespace, where the tunnel has its address."""
        state = self._machines.parent
        settings = {"state": str(state), "cidr": str(self._stack.network.cidr)}
        return BmcPlace("", state / "bmc", settings)

    async def machine_drift(self, blueprint: Blueprint) -> list[str]:
        """See `Driver`."""
        name = blueprint.machine.name
        if not await self._made(name):
            return ["the machine does not exist"]
        differs: list[str] = []
        layout = self._layout(name)
        if not layout.booted and seed.load(layout.seed) != self._documents(blueprint):
            differs.append("the seed of its first boot differs")
        shown = await self._vbox.show(self._names.uuid(name))
        if _power(shown) is PowerState.OFF:
            differs.append("the machine is off")
        return differs + _limits_differ(_limits(shown), machine.limits(blueprint.machine))

    async def machine_apply(self, blueprint: Blueprint) -> None:
        """See `Driver`.

        Raises:
            AshoreError: processors or memory of a machine that is on are to change.
        """
        name = blueprint.machine.name
        layout = self._layout(name)
        if not await self._made(name):
            self._record("machine", name)
            await self._make(blueprint)
        elif not layout.booted:
            seed.save(layout.seed, self._documents(blueprint))
        async with self._switching(name):
            await self._limit(blueprint)
        await self.power_on(name)

    async def _make(self, blueprint: Blueprint) -> None:
        name = blueprint.machine.name
        layout = self._layout(name)
        further = await self._further(blueprint)
        golden = self._golden.disk
        wanted = Definition(self._names, blueprint.machine, layout, golden, further)
        async with self._making:
            await self._remove(name)
            files.make_directory(layout.directory)
            seed.save(layout.seed, self._documents(blueprint))
            layout.keep_address(blueprint.machine.address)
            async with self._switching(name):
                for command in machine.make(wanted):
                    await self._vbox(command)

    async def _further(self, blueprint: Blueprint) -> dict[str, Path]:
        """The golden disks below a machine's further ones, by their serial numbers."""
        golden, found = self._golden, dict[str, Path]()
        for each in blueprint.data:
            found[disks.serial(each)] = await disks.data(golden, each, blueprint.blank, ignore)
        if golden.image.layers:
            found[disks.PROGRAMS] = await disks.programs(golden, ignore)
        return found

    async def _limit(self, blueprint: Blueprint) -> None:
        name, uuid = blueprint.machine.name, self._names.uuid(blueprint.machine.name)
        shown = await self._vbox.show(uuid)
        has, wanted = _limits(shown), machine.limits(blueprint.machine)
        if has == wanted:
            return
        if _power(shown) is PowerState.OFF:
            await self._vbox(machine.limit(uuid, wanted))
            return
        if (has.cpus, has.memory) != (wanted.cpus, wanted.memory):
            raise AshoreError(
                f"{name} is on: VirtualBox changes processors and memory of one that is off",
                f"ashore power off {name}, then ashore up",
            )
        await self._vbox(machine.control(uuid, "cpuexecutioncap", str(wanted.cap)))

    def _documents(self, blueprint: Blueprint) -> dict[str, str]:
        programs = bool(self._golden.image.layers)
        uplink = self._stack.network.uplink != "none"
        return dict(seed.documents(self._names, blueprint, programs=programs, uplink=uplink))

    async def _made(self, name: str) -> bool:
        """Whether the machine exists and was made to its end."""
        if name not in await self._known():
            return False
        said = await self._vbox(["getextradata", self._names.uuid(name), machine.MADE])
        return "Value: " in said

    async def _known(self) -> dict[str, str]:
        """Machine -> identifier, of those that VirtualBox has and that are this stack's."""
        found: dict[str, str] = {}
        if not self._vbox.installed:
            return found
        for each in await self._vbox.machines():
            name = self._names.machine(each.name) or await self._lost(each.uuid, each.name)
            if name is not None and each.uuid == self._names.uuid(name):
                found[name] = each.uuid
        return found

    async def _lost(self, uuid: str, name: str) -> str | None:
        """A machine whose files are gone has no name any more, but its settings file had one."""
        if name != "<inaccessible>":
            return None
        shown = await self._vbox.show(uuid)
        return self._names.machine(Path(shown.get("CfgFile", "")).stem)

    async def states(self) -> dict[str, PowerState]:
        """See `Driver`."""
        found = dict.fromkeys(self._directories(), PowerState.OFF)
        if not self._vbox.installed:
            return found
        running = {each.uuid for each in await self._vbox.machines("runningvms")}
        for name, uuid in (await self._known()).items():
            found[name] = PowerState.ON if uuid in running else PowerState.OFF
        return found

    def _directories(self) -> list[str]:
        """Machines that this driver made or began; another driver's have no such seed."""
        there = self._machines.is_dir()
        found = sorted(p.name for p in self._machines.iterdir()) if there else []
        return [name for name in found if self._layout(name).seed.exists()]

    async def power_on(self, name: str) -> None:
        """See `Power`."""
        async with self._switching(name):
            if await self._power(name) is PowerState.OFF:
                await self._vbox(machine.start(self._names.uuid(name)), timeout=_START)

    async def power_off(self, name: str) -> None:
        """See `Power`."""
        async with self._switching(name):
            await self._off(name)
            await ssh.close(self._layout(name).connection)

    async def _off(self, name: str) -> None:
        if await self._power(name) is not PowerState.ON:
            return
        uuid = self._names.uuid(name)
        await self._vbox(machine.control(uuid, "poweroff"))
        deadline = asyncio.get_running_loop().time() + _STOP
        while seen := _remains(await self._vbox.show(uuid)):
            if asyncio.get_running_loop().time() > deadline:
                raise AshoreError(f"{name} is not off within {_STOP:.0f} s; last seen: {seen}")
            await asyncio.sleep(0.1)

    async def _power(self, name: str) -> PowerState:
        if name not in await self._known():
            return PowerState.ABSENT
        return _power(await self._vbox.show(self._names.uuid(name)))

    async def remove(self, name: str) -> None:
        """See `Driver`."""
        async with self._making:
            await self._remove(name)

    async def _remove(self, name: str) -> None:
        await self.power_off(name)
        uuid = (await self._known()).get(name)
        await teardown.remove(self._vbox, uuid, self._layout(name).directory)

    async def destroy(self) -> list[str]:
        """See `Driver`. Nothing of VirtualBox is looked for where it is not installed.

        Nor where it cannot be asked and nothing says that the stack was made with it.
        """
        own = self._stack.driver == self.name or bool(self._directories())
        errors = await shared.attempt([self._tunnel.destroy()])
        try:
            for name in await self.states():
                errors += await shared.attempt([self.remove(name)])
            left = [f"machine {name}" for name in await self.states()]
            if self._vbox.installed:
                await teardown.release(self._vbox, self._golden)
                left += [f"disk {m.location}" for m in await self._media()]
        except AshoreError as error:
            left = [f"VirtualBox, which cannot be asked: {error.message}"] if own else []
        left += await self._tunnel.left()
        return [*left, *errors] if left else []

    async def _media(self) -> list[Medium]:
        """Disks and DVDs of the stack that VirtualBox still knows."""
        media = [*await self._vbox.media(), *await self._vbox.media("dvds")]
        return teardown.within(media, self._machines)

    def transport(self, name: str) -> SshTransport:
        """See `Driver`: the gateway by the forwarded port, the others through it."""
        made = self._layout(name).seed
        # Whether it is on, SSH tells: VirtualBox would take longer than most commands do.
        return SshTransport(self._way(name, self._gateway()), self._login, made.exists)

    def _gateway(self) -> Way:
        name, here = self._stack.of_role(Role.GATEWAY)[0].name, IPv4Address("127.0.0.1")
        return Way(name, here, self._layout(name).connection, port=self._names.ssh_port)

    def _way(self, name: str, gateway: Way) -> Way:
        if name == gateway.machine:
            return gateway
        wanted, layout = self._stack.machine(name), self._layout(name)
        address = wanted.address if wanted else layout.address  # the file no longer names it
        return Way(name, address or self._stack.network.host, layout.connection, through=gateway)

    def inside(self, name: str, command: Sequence[str]) -> list[str]:
        """See `Programs`."""
        return self.transport(name).inside(command)

    def console_log(self, name: str) -> Path:
        """See `ConsoleLog`."""
        return self._layout(name).console

    def blank_disk(self, directory: str) -> str:
        """See `BlankDisks`."""
        return hook.device(seed.DISKS, directory)

    async def freeze(self, name: str) -> None:
        """See `Freeze`."""
        await self._vbox(machine.control(self._names.uuid(name), "pause"))

    async def thaw(self, name: str) -> None:
        """See `Freeze`."""
        uuid = self._names.uuid(name)
        if name in await self._known() and (await self._vbox.show(uuid))["VMState"] == "paused":
            await self._vbox(machine.control(uuid, "resume"))

    async def snapshot_take(self, name: str, label: str) -> None:
        """See `Snapshots`."""
        async with self._switching(name):
            await self._vbox(machine.snapshot(self._names.uuid(name), "take", label), _SNAPSHOT)

    async def snapshot_restore(self, name: str, label: str) -> None:
        """See `Snapshots`."""
        async with self._switching(name):
            await self._vbox(machine.snapshot(self._names.uuid(name), "restore", label), _SNAPSHOT)

    async def snapshot_delete(self, name: str, label: str) -> None:
        """See `Snapshots`."""
        async with self._switching(name):
            await self._vbox(machine.snapshot(self._names.uuid(name), "delete", label), _SNAPSHOT)

    async def snapshots(self, name: str) -> list[str]:
        """See `Snapshots`."""
        shown = await self._vbox.show(self._names.uuid(name))
        return [value for key, value in shown.items() if re.fullmatch(r"SnapshotName(-\d+)*", key)]

    def _switching(self, name: str) -> AbstractAsyncContextManager[None]:
        """One process at a time changes a machine."""
        return exclusive(self._layout(name).directory / "power.lock", _SWITCHING)

    def _layout(self, name: str) -> Layout:
        return Layout(self._machines / name)


def _power(shown: Mapping[str, str]) -> PowerState:
    return PowerState.OFF if shown["VMState"] in _OFF else PowerState.ON


def _remains(shown: Mapping[str, str]) -> str:
    """What is still there of a machine that was switched off; its process holds a session."""
    if _power(shown) is PowerState.ON:
        return shown["VMState"]
    return f"session {shown['SessionName']}" if "SessionName" in shown else ""


def _limits(shown: Mapping[str, str]) -> Limits:
    return Limits(int(shown["cpus"]), int(shown["cpuexecutioncap"]), int(shown["memory"]))


def _limits_differ(has: Limits, wanted: Limits) -> list[str]:
    if has == wanted:
        return []
    return [f"it has {_spoken(has)} instead of {_spoken(wanted)}"]


def _spoken(limits: Limits) -> str:
    return f"{limits.cpus} cpus of {limits.cap} % and {limits.memory} MiB"
