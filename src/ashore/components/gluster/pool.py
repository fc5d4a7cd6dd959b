"""glusterd on every storage machine, and all of them in one trusted pool."""

import asyncio
from dataclasses import dataclass, field

from ashore.components.gluster import probe
from ashore.components.gluster.cli import tell
from ashore.components.gluster.probe import Peer
from ashore.components.wait import until
from ashore.model.types import Machine
from ashore.transport.base import CommandFailed, Connect

_SECONDS = 60.0


@dataclass(frozen=True)
class Daemon:
    """`<st>/glusterd`: glusterd answers on the machine."""

    connect: Connect
    machine: str
    title: str = "start glusterd"
    layer: str = "storage"

    @property
    def key(self) -> str:
        return f"{self.machine}/glusterd"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config",)

    async def drift(self) -> list[str]:
        """See `Step`."""
        missing = await self._missing()
        return [missing] if missing else []

    async def apply(self) -> None:
        """See `Step`."""
        await self.connect(self.machine).run(["systemctl", "start", "--no-block", "glusterd"])
        await until(
            self._missing,
            f"{self.machine}: glusterd answers",
            seconds=_SECONDS,
            hint=f"`ashore exec {self.machine} -- journalctl -u glusterd` says why not",
        )

    async def _missing(self) -> str:
        answers = await probe.serves(self.connect, self.machine)
        return "" if answers else "glusterd does not answer"


Views = dict[str, list[Peer]]
"""Machine -> the pool as it sees it."""


@dataclass(frozen=True)
class Pool:
    """`storage/pool`: every storage machine knows and reaches every other one by its address.

    Addresses, not names: a machine that boots must not wait for the gateway.
    """

    connect: Connect
    machines: tuple[Machine, ...] = field(repr=False)
    machine: None = None
    key: str = "storage/pool"
    title: str = "join the storage machines in a pool"
    layer: str = "storage"

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(f"{machine.name}/glusterd" for machine in self.machines)

    async def drift(self) -> list[str]:
        """See `Step`."""
        return self.missing(await self._views())

    async def apply(self) -> None:
        """See `Step`."""
        views = await self._views()
        # Whoever knows most is asked to take the others in.
        first = max(self.machines, key=lambda m: (len(views[m.name]), -m.index))
        for machine in self.machines:
            if machine is not first:
                await self._take_in(first, machine, views)
        second = next(m for m in self.machines if m is not first)
        # The first one is known by the name that its address resolves to, until it is probed, too.
        await tell(self.connect, second.name, "peer", "probe", str(first.address))

        async def missing() -> str:
            return "; ".join(await self.drift())

        await until(
            missing,
            "the storage machines are one pool",
            seconds=_SECONDS,
            hint=f"`ashore exec {first.name} -- gluster peer status` says more",
        )

    def missing(self, views: Views) -> list[str]:
        """What the machines' views lack, a phrase each."""
        found: list[str] = []
        for machine in self.machines:
            for other in self.machines:
                if other is machine:
                    continue
                peer = _peer(views[machine.name], other)
                if peer is None:
                    found.append(f"{machine.name} does not know {other.name}")
                elif not peer.connected:
                    found.append(f"{machine.name} does not reach {other.name}")
        return found

    async def _take_in(self, first: Machine, machine: Machine, views: Views) -> None:
        """Make a machine a member; one that lost its disk gets back who it was."""
        known = _peer(views[first.name], machine)
        own = _itself(views[machine.name])
        if known is None:
            await tell(self.connect, first.name, "peer", "probe", str(machine.address))
        elif known.uuid != own:
            others = {p.uuid: p.names[0] for p in views[first.name] if p.uuid != known.uuid}
            others[_itself(views[first.name])] = str(first.address)
            await self._restore(machine, known.uuid, others, await self._version(first))

    async def _version(self, machine: Machine) -> str:
        info = await self.connect(machine.name).get("/var/lib/glusterd/glusterd.info")
        lines = info.decode().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith("operating-"))

    async def _restore(
        self, machine: Machine, uuid: str, others: dict[str, str], version: str
    ) -> None:
        peers = [f"{known}={address}" for known, address in others.items()]
        await self.connect(machine.name).run(["sh", "-c", _RESTORE, "sh", uuid, version, *peers])

    async def _views(self) -> Views:
        seen = await asyncio.gather(*(probe.peers(self.connect, m.name) for m in self.machines))
        return dict(zip((m.name for m in self.machines), seen, strict=True))


def _peer(view: list[Peer], machine: Machine) -> Peer | None:
    return next((peer for peer in view if str(machine.address) in peer.names), None)


def _itself(view: list[Peer]) -> str:
    return next(peer.uuid for peer in view if "localhost" in peer.names)


# As glusterd writes them; state 3 is "peer in cluster". The volumes come from the peers.
_RESTORE = """\
set -e
uuid=$1 version=$2
shift 2
systemctl stop glusterd
cd /var/lib/glusterd
rm -rf peers vols
mkdir -p peers vols
for peer; do
  printf 'uuid=%s\\nstate=3\\nhostname1=%s\\n' "${peer%%=*}" "${peer#*=}" >"peers/${peer%%=*}"
done
printf 'UUID=%s\\noperating-version=%s\\n' "$uuid" "$version" >glusterd.info
systemctl start glusterd
"""


async def detach(connect: Connect, machine: Machine, address: str) -> None:
    """Have the pool forget a machine. No error if it is not in it."""
    known = await probe.peers(connect, machine.name)
    if any(address in peer.names for peer in known):
        try:
            await tell(connect, machine.name, "peer", "detach", address)
        except CommandFailed:
            # One that is off cannot say goodbye.
            await tell(connect, machine.name, "peer", "detach", address, "force")
