"""`<machine>/shared`: the volume is mounted, and answers."""

from dataclasses import dataclass

from ashore.components.gluster import probe
from ashore.components.gluster.render import UNIT
from ashore.components.wait import Watched, until
from ashore.model.types import Storage
from ashore.transport.base import Connect

_SECONDS = 60.0


@dataclass(frozen=True)
class Mounted(Watched):
    """The shared volume is there on a worker or a storage machine."""

    connect: Connect
    machine: str
    storage: Storage
    title: str = "mount the shared volume"
    layer: str = "storage"

    @property
    def key(self) -> str:
        return f"{self.machine}/shared"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config", "storage/volume")

    async def apply(self) -> None:
        """See `Step`."""
        transport = self.connect(self.machine)
        # Not restarted where it is about to try again: that would stop the kubelet in between.
        await transport.run(["systemctl", "enable", "--now", "--no-block", UNIT])
        await until(
            self.missing,
            f"{self.machine}: {self.storage.mount} is there",
            seconds=_SECONDS,
            hint=f"`ashore exec {self.machine} -- journalctl -u {UNIT}` says why not",
        )

    async def missing(self) -> str:
        return await probe.mount(self.connect, self.machine, self.storage)
