"""`storage/heal`: every file is the same on every brick."""

import asyncio
import time
from dataclasses import dataclass, field

from ashore.components.gluster import probe
from ashore.components.gluster.cli import tell
from ashore.errors import AshoreError
from ashore.events import Output
from ashore.model.types import Storage
from ashore.plan.step import Context
from ashore.transport.base import CommandFailed, MachineDown

_SECONDS = 6 * 3600.0
"""For everything; `up` can be interrupted, and the healing goes on without it."""

_AGAIN = 10.0
"""Seconds after which healing that is not over is asked for again."""

_LOOK_EVERY = 1.0


@dataclass(frozen=True)
class Healed:
    """Nothing waits to be healed."""

    ctx: Context = field(repr=False)
    storage: Storage
    asked: str
    needs: tuple[str, ...] = ("storage/volume",)
    machine: None = None
    key: str = "storage/heal"
    title: str = "heal what bricks have missed"
    layer: str = "storage"

    async def drift(self) -> list[str]:
        """See `Step`."""
        return (await probe.healing(self.ctx.connect, self.asked, self.storage)).wrong()

    async def apply(self) -> None:
        """See `Step`."""
        deadline, again = time.monotonic() + _SECONDS, 0.0
        while wrong := await self.drift():
            now = time.monotonic()
            if now > deadline:
                raise AshoreError(
                    f"not healed within {_SECONDS / 3600:.0f} h: {'; '.join(wrong)}",
                    f"`ashore exec {self.asked} -- gluster volume heal {self.storage.volume} info`"
                    " names the files",
                )
            if now > again:
                self.ctx.emit(Output(self.key, "; ".join(wrong)))
                await self._ask()
                again = now + _AGAIN
            await asyncio.sleep(_LOOK_EVERY)

    async def _ask(self) -> None:
        """Ask for it now. A daemon that has only just started is asked again later."""
        try:
            await tell(self.ctx.connect, self.asked, "volume", "heal", self.storage.volume)
        except MachineDown:
            raise
        except CommandFailed as error:
            self.ctx.emit(Output(self.key, error.message.splitlines()[-1]))
