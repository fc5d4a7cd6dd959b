"""What Gluster says of its pool, its volume and its bricks."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from ashore.components.gluster.cli import answer
from ashore.components.gluster.render import UNIT
from ashore.model.types import Storage, VolumeType
from ashore.transport.base import CommandFailed, Connect, MachineDown

_STARTED = "1"
_ANSWERS = 5  # s; a mount that does not answer hangs whoever looks


@dataclass(frozen=True, slots=True)
class Peer:
    """A machine of the pool as another one sees it; itself has the name `localhost`."""

    uuid: str
    names: tuple[str, ...]
    connected: bool


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume as glusterd has it.

    Attributes:
        type: None for a type that no stack file makes.
        bricks: addresses of the bricks' machines, in the volume's order.
    """

    type: VolumeType | None
    started: bool
    bricks: tuple[str, ...]
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Healing:
    """Entries that are not the same on every brick.

    Attributes:
        silent: bricks that could not be asked, by the address of their machine.
    """

    pending: int
    split_brain: int
    silent: tuple[str, ...]

    def wrong(self) -> list[str]:
        """What keeps the bricks from being the same, a phrase each."""
        found = [f"the brick on {address} does not answer" for address in self.silent]
        if self.pending:
            found.append(f"{self.pending} entries wait to be healed")
        if self.split_brain:
            found.append(f"{self.split_brain} entries are in split-brain")
        return found


@dataclass(frozen=True, slots=True)
class BrickState:
    """A machine's brick as the machine itself sees it.

    Attributes:
        kind: the file system that it is a directory of: `ext4`.
        size, free: bytes of the file system.
    """

    runs: bool
    kind: str
    size: int
    free: int


async def peers(connect: Connect, machine: str) -> list[Peer]:
    """The pool as this machine sees it, itself included.

    Raises:
        CommandFailed: no answer. MachineDown: the machine cannot be asked.
    """
    root = await answer(connect, machine, "pool", "list")
    return [
        Peer(
            peer.findtext("uuid", ""),
            tuple(n.text or "" for n in peer.iter("hostname")),
            peer.findtext("connected") == "1",
        )
        for peer in root.iter("peer")
    ]


async def volume(connect: Connect, machine: str, storage: Storage) -> Volume | None:
    """The volume; None if there is none.

    Raises:
        CommandFailed: no answer. MachineDown: the machine cannot be asked.
    """
    root = await answer(
        connect, machine, "volume", "info", storage.volume, refusal="Volume does not exist"
    )
    found = root.find(".//volume")
    if found is None:
        return None
    names = [brick.findtext("name", "") for brick in found.iter("brick")]
    options = {o.findtext("name", ""): o.findtext("value", "") for o in found.iter("option")}
    return Volume(
        _type(found),
        found.findtext("status") == _STARTED,
        tuple(name.partition(":")[0] for name in names),
        options,
    )


def _type(found: ET.Element) -> VolumeType | None:
    kinds = ("replica", "arbiter", "disperse", "redundancy")
    counts = " ".join(found.findtext(f"{kind}Count", "") for kind in kinds)
    return {
        "3 0 0 0": VolumeType.REPLICA,
        "3 1 0 0": VolumeType.ARBITER,
        "1 0 3 1": VolumeType.DISPERSE,
    }.get(counts)


async def offline(connect: Connect, machine: str, storage: Storage) -> list[str]:
    """Addresses of machines whose brick does not run.

    Raises:
        CommandFailed: no answer. MachineDown: the machine cannot be asked.
    """
    root = await answer(connect, machine, "volume", "status", storage.volume)
    return [
        node.findtext("hostname", "")
        for node in root.iter("node")
        if node.findtext("path") == storage.brick and node.findtext("status") != "1"
    ]


async def healing(connect: Connect, machine: str, storage: Storage) -> Healing:
    """What waits to be healed.

    Raises:
        CommandFailed: no answer. MachineDown: the machine cannot be asked.
    """
    words = ("volume", "heal", storage.volume, "info", "summary")
    root = await answer(connect, machine, *words, seconds=30)
    bricks = list(root.iter("brick"))
    silent = [b.findtext("name", "") for b in bricks if b.findtext("status") != "Connected"]
    return Healing(
        _most(bricks, "numberOfEntriesInHealPending"),
        _most(bricks, "numberOfEntriesInSplitBrain"),
        tuple(name.partition(":")[0] for name in silent),
    )


def _most(bricks: list[ET.Element], tag: str) -> int:
    """Bricks of one group count the same entries, so the largest count is told."""
    said = [brick.findtext(tag, "-") for brick in bricks]
    return max((int(count) for count in said if count.isdigit()), default=0)


async def serves(connect: Connect, machine: str) -> bool:
    """Whether glusterd answers on the machine.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    try:
        return bool(await peers(connect, machine))
    except MachineDown:
        raise
    except CommandFailed:
        return False


async def mount(connect: Connect, machine: str, storage: Storage) -> str:
    """What is wrong with the mount of the volume; empty if it answers, after a reboot too.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    done = await connect(machine).run(["sh", "-c", _MOUNT, "sh", storage.mount], check=False)
    return done.text.strip() if done.returncode else ""


_WANTED = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"

# The table of mounts answers when a mount does not.
_MOUNT = f"""\
[ -e {_WANTED} ] || {{ echo "{UNIT} is not enabled"; exit 1; }}
grep -q " $1 fuse.glusterfs " /proc/self/mounts || {{ echo "$1 is not mounted"; exit 1; }}
timeout --signal=KILL {_ANSWERS} stat "$1/." >/dev/null 2>&1 && exit 0
[ $? -eq 137 ] && echo "$1 does not answer" || echo "$1 is broken"
exit 1
"""


async def brick(connect: Connect, machine: str, storage: Storage) -> BrickState:
    """The brick of a storage machine; asks neither glusterd nor any other machine.

    Raises:
        CommandFailed: no answer. MachineDown: the machine cannot be asked.
    """
    argv = ["sh", "-c", _BRICK, "sh", storage.brick, storage.volume]
    done = await connect(machine).run(argv, timeout=10)
    runs, line = done.text.splitlines()
    kind, size, free = line.split()
    return BrickState(runs == "runs", kind, int(size), int(free))


# A number of a process alone may be another one's after a crash.
_BRICK = """\
pid=$(cat /run/gluster/vols/"$2"/*.pid 2>/dev/null)
grep -qs glusterfsd "/proc/$pid/cmdline" && echo runs || echo stopped
[ -d "$1" ] || set -- "${1%/*}"
said=$(df --block-size=1 --output=fstype,size,avail "$1") && echo "$said" | tail -n 1
"""
