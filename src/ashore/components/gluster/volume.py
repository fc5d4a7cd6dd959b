"""`storage/volume`: the shared volume, on as many bricks as the file says, with its options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ashore.components.gluster import bricks, probe
from ashore.components.gluster.cli import tell
from ashore.components.gluster.leave import name_at
from ashore.components.gluster.migrate import remove_bricks
from ashore.components.gluster.pool import Pool
from ashore.components.gluster.probe import Volume
from ashore.components.gluster.render import POOL_OPTIONS, QUOTA_OPTIONS, options
from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.model.types import Machine, Role, Storage, VolumeType
from ashore.plan.step import Context
from ashore.together import together

_SECONDS = 90.0

_KINDS = {
    VolumeType.REPLICA: ("replica", "3"),
    VolumeType.ARBITER: ("replica", "3", "arbiter", "1"),
    VolumeType.DISPERSE: ("disperse", "3", "redundancy", "1"),
}


@dataclass(frozen=True)
class SharedVolume:
    """The volume has a running brick on every storage machine, and the options of the model."""

    ctx: Context = field(repr=False)
    storage: Storage
    pool: Pool = field(repr=False)
    needs: tuple[str, ...] = ("storage/pool",)
    machine: None = None
    key: str = "storage/volume"
    title: str = "make the shared volume"
    layer: str = "storage"

    @property
    def machines(self) -> tuple[Machine, ...]:
        return self.ctx.stack.of_role(Role.STORAGE)

    async def drift(self) -> list[str]:
        """See `Step`.

        Raises:
            AshoreError: the volume is of another type than the file says.
        """
        volume = await self._volume()
        if volume is None:
            return ["there is no shared volume"]
        found = self._membership(volume)
        found += [f"{key} is {now or 'not set'}" for key, now in self._options(volume).items()]
        if not volume.started:
            return [*found, "it has not started"]
        off, looks = await together(self._off(), self._looks())
        found += [f"the brick of {m.name} does not run" for m in off]
        return found + [f"the brick of {name} is {look}" for name, look in looks.items()]

    async def apply(self) -> None:
        """See `Step`."""
        if await self._volume() is None:
            await self._create()
        volume = await self._there()
        # First of all the names of machines that may connect: new ones are among them.
        await self._set(self._wanted(self._leaving(volume)), volume)
        if not volume.started:
            await self._tell("start", self.storage.volume)
        if volume.options.get("features.quota") != "on":
            await self._tell("quota", self.storage.volume, "enable")
        await self._set(QUOTA_OPTIONS, volume)
        grown = await self._grow(volume)
        await self._revive()
        if leaving := self._leaving(volume):
            await self._shrink(leaving)
            await self._set(self._wanted(), await self._there())
        await until(
            self._missing,
            "the shared volume is complete",
            seconds=_SECONDS,
            hint=f"`ashore exec {self.machines[0].name} -- gluster volume status` says more",
        )
        if grown:
            # Data moves to the new bricks while everything is served.
            await self._tell("rebalance", self.storage.volume, "start")

    async def _missing(self) -> str:
        return "; ".join(await self.drift())

    async def _volume(self) -> Volume | None:
        """The volume if any machine knows it: one that is new learns of it a moment later."""
        connect = self.ctx.connect
        seen = await together(*(probe.volume(connect, m.name, self.storage) for m in self.machines))
        volume = next((each for each in seen if each is not None), None)
        if volume is not None and volume.type is not self.storage.type:
            raise AshoreError(
                f"the shared volume is of type {volume.type or 'unknown'}, and Gluster cannot make "
                f"it {self.storage.type}",
                "set storage.type back, or copy the data and make the stack anew",
            )
        return volume

    async def _there(self) -> Volume:
        volume = await self._volume()
        if volume is None:
            raise AshoreError("the shared volume was made, but no storage machine knows it")
        return volume

    def _membership(self, volume: Volume) -> list[str]:
        found = [f"{m.name} has no brick of it" for m in self._absent(volume)]
        return found + [
            f"it has a brick on {address}, which the stack file no longer names"
            for address in self._leaving(volume)
        ]

    def _leaving(self, volume: Volume) -> list[str]:
        """Addresses of bricks on machines that the file no longer names."""
        known = {str(m.address) for m in self.machines}
        return [address for address in volume.bricks if address not in known]

    def _wanted(self, leaving: Sequence[str] = ()) -> dict[str, str]:
        """Options of pool and volume. What still moves its data away may still connect."""
        names = [name_at(self.ctx.stack, address) for address in leaving]
        wanted = options(self.ctx.stack, self.storage, names, self.ctx.facts.slower)
        return {**POOL_OPTIONS, **wanted}

    def _options(self, volume: Volume) -> dict[str, str | None]:
        """Options that are not as they should be, with what they are."""
        wanted = {**self._wanted(), **QUOTA_OPTIONS, "features.quota": "on"}
        now = volume.options
        return {key: now.get(key) for key, value in wanted.items() if now.get(key) != value}

    def _absent(self, volume: Volume) -> list[Machine]:
        return [m for m in self.machines if str(m.address) not in volume.bricks]

    async def _create(self) -> None:
        await self._prepare(self.machines)
        places = [bricks.name(m, self.storage) for m in self.machines]
        await self._tell("create", self.storage.volume, *_KINDS[self.storage.type], *places)

    async def _grow(self, volume: Volume) -> bool:
        absent = self._absent(volume)
        if absent:
            await self._prepare(absent)
            places = [bricks.name(m, self.storage) for m in absent]
            await self._tell("add-brick", self.storage.volume, *places)
        return bool(absent)

    async def _shrink(self, leaving: list[str]) -> None:
        first = self.machines[0].name
        places = [f"{address}:{self.storage.brick}" for address in leaving]
        await remove_bricks(self.ctx.connect, first, self.storage, places, self.ctx.emit)

    async def _prepare(self, machines: tuple[Machine, ...] | list[Machine]) -> None:
        await together(*(bricks.prepare(self.ctx.connect, m, self.storage) for m in machines))

    async def _revive(self) -> None:
        """Start bricks that do not run; one whose data is gone is filled from the others."""
        connect = self.ctx.connect
        looks = await self._looks()
        for machine in self.machines:
            if looks.get(machine.name) is bricks.Brick.LOST:
                await bricks.put_back(connect, machine, self.storage, self.pool)
        if await self._off():
            await self._tell("start", self.storage.volume, "force")
        for machine in self.machines:
            if machine.name in looks:
                await bricks.fill(connect, machine, self.storage)

    async def _off(self) -> list[Machine]:
        """Machines whose brick does not run."""
        off = await probe.offline(self.ctx.connect, self.machines[0].name, self.storage)
        return [m for m in self.machines if str(m.address) in off]

    async def _looks(self) -> dict[str, bricks.Brick]:
        """Machines whose brick is not whole."""
        looks = await together(
            *(bricks.look(self.ctx.connect, m, self.storage) for m in self.machines)
        )
        seen = zip(self.machines, looks, strict=True)
        return {m.name: look for m, look in seen if look is not bricks.Brick.WHOLE}

    async def _set(self, wanted: Mapping[str, str], volume: Volume) -> None:
        """Set what differs; options of the pool need a command of their own."""
        differ = {key: value for key, value in wanted.items() if volume.options.get(key) != value}
        for key in POOL_OPTIONS.keys() & differ.keys():
            await self._tell("set", "all", key, differ.pop(key))
        if differ:
            words = [word for pair in differ.items() for word in pair]
            await self._tell("set", self.storage.volume, *words)

    async def _tell(self, *words: str) -> None:
        await tell(self.ctx.connect, self.machines[0].name, "volume", *words)
