"""glusterd on every storage machine, and all of them in one trusted pool."""

from dataclasses import dataclass, field

from ashore.components.gluster import probe
from ashore.components.gluster.cli import tell
from ashore.components.gluster.probe import Peer
from ashore.components.wait import Watched, until
from ashore.model.types import Machine
from ashore.together import together
from ashore.transport.base import CommandFailed, Connect

_SECONDS = 60.0


@dataclass(frozen=True)
class Daemon(Watched):
    """`<st>/glusterd`: glusterd answers on the machine.

    Attributes:
        after: the machine's step that has to be done before.
    """

    connect: Connect
    machine: str
    after: str
    title: str = "start glusterd"
    layer: str = "storage"

    @property
    def key(self) -> str:
        return f"{self.machine}/glusterd"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/{self.after}",)

    async def apply(self) -> None:
        """See `Step`."""
        await self.connect(self.machine).run(["systemctl", "start", "--no-block", "glusterd"])
        await until(
            self.missing,
            f"{self.machine}: glusterd answers",
            seconds=_SECONDS,
            hint=f"`ashore exec {self.machine} -- journalctl -u glusterd` says why not",
        )

    async def missing(self) -> str:
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
        new = [m for m in self.machines if len(views[m.name]) == 1]
        uuids = {m.name: await self._identity(m, first, new, views) for m in self.machines}
        version = await self._version(first)
        # One that a peer took in would know that peer by the name its address has.
        await together(*(self._acquaint(m, uuids, version) for m in new))
        await self.complete()

    async def complete(self) -> None:
        """Wait until every storage machine reaches every other one."""

        async def missing() -> str:
            return "; ".join(await self.drift())

        await until(
            missing,
            "the storage machines are one pool",
            seconds=_SECONDS,
            hint=f"`ashore exec {self.machines[0].name} -- gluster peer status` says more",
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

    async def _identity(
        self, machine: Machine, first: Machine, new: list[Machine], views: Views
    ) -> str:
        """The machine's UUID in the pool; one that lost its disk gets back the one it had."""
        own, known = _itself(views[machine.name]), _peer(views[first.name], machine)
        if known is not None:
            return known.uuid
        if machine is not first and first not in new:
            await tell(self.connect, first.name, "peer", "probe", str(machine.address))
        return own

    async def _version(self, machine: Machine) -> str:
        info = await self.connect(machine.name).get("/var/lib/glusterd/glusterd.info")
        lines = info.decode().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith("operating-"))

    async def _acquaint(self, machine: Machine, uuids: dict[str, str], version: str) -> None:
        """Have a machine without bricks know itself and every other one by its address."""
        peers = [f"{uuids[m.name]}={m.address}" for m in self.machines if m is not machine]
        argv = ["sh", "-c", _ACQUAINT, "sh", uuids[machine.name], version, *peers]
        await self.connect(machine.name).run(argv)

    async def _views(self) -> Views:
        seen = await together(*(probe.peers(self.connect, m.name) for m in self.machines))
        return dict(zip((m.name for m in self.machines), seen, strict=True))


def _peer(view: list[Peer], machine: Machine) -> Peer | None:
    return next((peer for peer in view if str(machine.address) in peer.names), None)


def _itself(view: list[Peer]) -> str:
    return next(peer.uuid for peer in view if "localhost" in peer.names)


# As glusterd writes them; state 3 is "peer in cluster". The volumes come from the peers.
_ACQUAINT = """\
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
