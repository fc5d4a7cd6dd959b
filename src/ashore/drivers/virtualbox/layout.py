"""The files of a machine on this computer."""

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from ashore.host.files import write


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
        """The NoCloud seed; the first file of a machine."""
        return self.directory / "seed.iso"

    @property
    def console(self) -> Path:
        """What the machine says on its first serial port; there since it was first powered on."""
        return self.directory / "console.log"

    @property
    def connection(self) -> Path:
        """The socket of the SSH connection that is kept."""
        return self.directory / "ssh.sock"

    @property
    def booted(self) -> bool:
        """Whether the machine was ever powered on, so that the seed counts no more."""
        return self.console.exists()

    def disk(self, serial: str) -> Path:
        """A further disk, by its serial number."""
        return self.directory / f"{serial}.vdi"

    @property
    def address(self) -> IPv4Address | None:
        """The machine's address in the stack, when the stack file no longer says it."""
        return IPv4Address(self._address.read_text()) if self._address.exists() else None

    def keep_address(self, address: IPv4Address) -> None:
        """Write it down."""
        write(self._address, str(address))

    @property
    def _address(self) -> Path:
        return self.directory / "address"
