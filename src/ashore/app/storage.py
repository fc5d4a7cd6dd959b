"""The shared volume's part of `status`."""

from dataclasses import dataclass
from typing import Any

from ashore.app.session import Session
from ashore.components.gluster import probe
from ashore.errors import AshoreError
from ashore.model.types import Role, Storage
from ashore.together import together


@dataclass(frozen=True, slots=True)
class Volume:
    """The shared volume as the first storage machine that answers sees it.

    Attributes:
        wrong: what is wrong with it as a whole, a phrase each.
    """

    storage: Storage
    healing: probe.Healing | None
    wrong: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """For `status -o json`."""
        return {
            "volume": self.storage.volume,
            "type": self.storage.type,
            "mount": self.storage.mount,
            "pending": self.healing.pending if self.healing else None,
            "splitBrain": self.healing.split_brain if self.healing else None,
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
