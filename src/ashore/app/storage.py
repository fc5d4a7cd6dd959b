"""The shared volume's part of `status`, and that of each brick."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ashore.app.session import Session
from ashore.components.gluster import probe
from ashore.components.lvm import thin
from ashore.errors import AshoreError
from ashore.model.types import Machine, Role, Storage
from ashore.recipe import BRICKS, brick_disk
from ashore.together import together

_NEARLY_FULL = 0.05
"""Share of a brick that is free, below which it counts as nearly full."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The shared volume as the first storage machine that answers sees it.

    Attributes:
        wrong: what is wrong with it as a whole, a phrase each.
    """

    storage: Storage
    healing: probe.Healing | None
    wrong: tuple[str, ...]

    def document(self, bricks: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """For `status -o json`."""
        return {
            "volume": self.storage.volume,
            "type": self.storage.type,
            "mount": self.storage.mount,
            "pending": self.healing.pending if self.healing else None,
            "splitBrain": self.healing.split_brain if self.healing else None,
            "bricks": list(bricks),
        }


async def volume(session: Session) -> Volume | None:
    """The volume; None in a stack without storage machines."""
    storage, connect = session.stack.storage, session.context.connect
    if storage is None:
        return None
    for machine in session.stack.of_role(Role.STORAGE):
        try:
            peers, healing = await together(
                probe.peers(connect, machine.name), probe.healing(connect, machine.name, storage)
            )
        except AshoreError:
            continue
        away = [peer.names[0] for peer in peers if not peer.connected]
        lost = [f"{machine.name} does not reach {' and '.join(away)}"] if away else []
        return Volume(storage, healing, (*lost, *healing.wrong()))
    return Volume(storage, None, ("no storage machine tells of the shared volume",))


@dataclass(frozen=True, slots=True)
class Brick:
    """A storage machine's brick.

    Attributes:
        disk: what LVM has made of its own disk; None where it is a directory.
    """

    seen: probe.BrickState
    disk: thin.Disk | None

    def document(self, machine: str) -> dict[str, Any]:
        """For `status -o json`: bytes, and percent of a pool."""
        pool = self.disk.pool if self.disk else None
        return {
            "machine": machine,
            "on": "thin volume" if self.disk else "directory",
            "fileSystem": self.seen.kind,
            "size": self.seen.size,
            "free": self.seen.free,
            "pool": asdict(pool) if pool else None,
        }

    def detail(self) -> str:
        """What it is on, and what is free."""
        free = f"{self.seen.free / 2**30:.0f} of {self.seen.size / 2**30:.0f} GiB free"
        if self.disk and self.disk.pool:
            return f"brick: thin volume, {self.disk.pool.data:.0f} % of the pool used, {free}"
        return f"brick: directory on {self.seen.kind}, {free}"

    def wrong(self) -> list[str]:
        """Why the machine is not ready, a phrase each."""
        found = [] if self.seen.runs else ["its brick does not run"]
        if self.disk and self.disk.holds:
            return [*found, f"its brick's disk holds {', '.join(self.disk.holds)}"]
        if self.disk and not self.disk.mounted:
            return [*found, "its brick is not mounted"]
        nearly = self.seen.free < self.seen.size * _NEARLY_FULL
        return [*found, *(["its brick is nearly full"] if nearly else [])]

    def warnings(self) -> list[str]:
        """What will stop it if nothing is done, a phrase each."""
        return self.disk.pool.warnings() if self.disk and self.disk.pool else []


async def brick(session: Session, machine: Machine, storage: Storage) -> Brick:
    """The brick of one storage machine.

    Raises:
        CommandFailed: no answer. MachineDown: the machine cannot be asked.
    """
    connect, path = session.context.connect, brick_disk(session.driver)
    if path is None:
        return Brick(await probe.brick(connect, machine.name, storage), None)
    return Brick(
        *await together(
            probe.brick(connect, machine.name, storage),
            thin.look(connect, machine.name, path, BRICKS),
        )
    )
