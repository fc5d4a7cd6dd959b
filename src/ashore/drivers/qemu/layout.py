"""The files of a virtual machine, and what is remembered to start it again."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ashore.drivers.shared.disks import serial
from ashore.host.files import write


@dataclass(frozen=True, slots=True)
class Definition:
    """What a machine was made from; enough to power it on without the stack file.

    Attributes:
        machine: short name. address: in the stack. mac: of its one network card.
        cpus: processors; a fraction counts as a whole one.
        memory: bytes.
        disk: the golden disk below its own, raw.
        programs: a read-only disk with the stack's programs, raw; empty for none.
        data: directories of the machine that have a disk of their own.
        seed: digest of the seed's files.
        added: disks that came later: serial number -> bytes.
    """

    machine: str
    address: str
    mac: str
    cpus: float
    memory: int
    disk: str
    programs: str
    data: tuple[str, ...]
    seed: str
    added: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one machine."""

    directory: Path

    @property
    def disk(self) -> Path:
        """What the machine changed on the golden disk."""
        return self.directory / "disk.qcow2"

    def data(self, directory: str) -> Path:
        """The disk of a data directory."""
        return self.directory / f"{serial(directory)}.qcow2"

    def added(self, disk: str) -> Path:
        """A disk that came later."""
        return self.directory / f"added-{disk}.raw"

    @property
    def seed(self) -> Path:
        """The NoCloud seed."""
        return self.directory / "seed.img"

    @property
    def variables(self) -> Path:
        """What the firmware keeps; each machine writes to a copy of its own."""
        return self.directory / "variables.fd"

    @property
    def qmp(self) -> Path:
        """The socket by which QEMU is spoken to."""
        return self.directory / "qmp.sock"

    @property
    def console(self) -> Path:
        """Everything that the serial console has printed."""
        return self.directory / "console.log"

    @property
    def console_socket(self) -> Path:
        """The serial console itself."""
        return self.directory / "console.sock"

    @property
    def connection(self) -> Path:
        """The socket of the SSH connection that is kept."""
        return self.directory / "ssh.sock"

    @property
    def errors(self) -> Path:
        """What QEMU says of itself."""
        return self.directory / "qemu.log"

    @property
    def started(self) -> bool:
        """Whether the machine was ever powered on: cloud-init takes its seed at the first boot."""
        return self.variables.exists()

    def save(self, definition: Definition) -> None:
        """Written last when a machine is made: without it the machine is half-made."""
        write(self._definition, json.dumps(asdict(definition), indent=1))

    def load(self) -> Definition | None:
        """What `save` wrote; None if the machine is absent or half-made."""
        with contextlib.suppress(FileNotFoundError):
            raw = json.loads(self._definition.read_text())
            return Definition(**raw | {"data": tuple(raw["data"])})
        return None

    @property
    def _definition(self) -> Path:
        return self.directory / "machine.json"
