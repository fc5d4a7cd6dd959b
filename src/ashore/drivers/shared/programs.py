"""What virtual machines are made from, as the last step of the image."""

from dataclasses import dataclass

from ashore.drivers.shared import disks
from ashore.drivers.shared.disks import Golden
from ashore.events import Emit

PROGRAMS_NEED = ("supply", "image/store", "image/disk")
"""Steps that come first."""


@dataclass(frozen=True)
class ProgramsStep:
    """The stack's programs are on a disk that its machines share."""

    golden: Golden
    emit: Emit
    key: str = "image"
    title: str = "lay the programs out on a disk"
    layer: str = "image"
    machine: None = None
    needs: tuple[str, ...] = PROGRAMS_NEED

    async def drift(self) -> list[str]:
        """See `Step`."""
        return [] if self.golden.programs.is_file() else ["it is not in the cache"]

    async def apply(self) -> None:
        """See `Step`."""
        await disks.programs(self.golden, self.emit)
