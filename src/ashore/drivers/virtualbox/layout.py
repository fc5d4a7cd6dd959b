"""The files of a machine on this computer."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one machine. VirtualBox's own folder, with settings and snapshots, is below."""

    directory: Path

    @property
    def root(self) -> Path:
        """What the machine changed of the golden disk."""
        return self.directory / "root.vdi"

    @property
    def seed(self) -> Path:
        """The NoCloud seed."""
        return self.directory / "seed.iso"

    @property
    def console(self) -> Path:
        """What the machine says on its first serial port; there since it was first powered on."""
        return self.directory / "console.log"

    @property
    def booted(self) -> bool:
        """Whether the machine was ever powered on, so that the seed counts no more."""
        return self.console.exists()

    def data(self, index: int) -> Path:
        """The disk of a data directory; `index` counts from 1."""
        return self.directory / f"data-{index}.vdi"
