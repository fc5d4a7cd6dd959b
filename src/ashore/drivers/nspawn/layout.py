"""The files of a machine on the host, and what is remembered to start it again."""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ashore.host.files import write

REALTIME_WEIGHT = 10
"""How many times as much of the processors such a machine gets as another one: Pacemaker
gives a fence agent 10 s to describe itself and restarts its own daemons that do not
answer for half a minute, which nothing configures."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a machine was made from; enough to power it on without the stack file.

    Attributes:
        machine: short name.
        mac: of eth0.
        cpus: processors at most. memory: bytes at most.
        realtime: whether its processes may ask for realtime scheduling, and come before
            those of other machines where processors are short.
        layers: lower directories of the overlay, uppermost first.
        data: directories of the machine that are bind-mounted.
    """

    machine: str
    mac: str
    cpus: float
    memory: int
    realtime: bool
    layers: tuple[str, ...]
    data: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one machine."""

    directory: Path

    @property
    def upper(self) -> Path:
        """What the machine changed in its root; readable also when it is off."""
        return self.directory / "upper"

    @property
    def work(self) -> Path:
        """Overlayfs keeps it on the file system of `upper`."""
        return self.directory / "work"

    @property
    def root(self) -> Path:
        """Where the machine's root is mounted, in a mount namespace of the machine's own."""
        return self.directory / "root"

    @property
    def console(self) -> Path:
        """What systemd-nspawn and the machine's console print."""
        return self.directory / "console.log"

    def last_words(self) -> str:
        """The last line of the console, for errors."""
        lines: list[str] = []
        with contextlib.suppress(FileNotFoundError):
            lines = self.console.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"nothing in {self.console}"

    @property
    def start(self) -> Path:
        """The script that runs the machine on a host without systemd."""
        return self.directory / "start"

    @property
    def seed(self) -> Path:
        """The NoCloud seed."""
        return self.upper / "var/lib/cloud/seed/nocloud"

    @property
    def booted(self) -> bool:
        """Whether cloud-init has taken the seed."""
        return (self.upper / "var/lib/cloud/instance").is_symlink()

    def data(self, directory: str) -> Path:
        """The plain directory behind a data directory of the machine."""
        return self.directory / "data" / directory.lstrip("/")

    def save(self, definition: Definition) -> None:
        """Written last when a machine is made: without it the machine is half-made."""
        write(self._definition, json.dumps(asdict(definition), indent=1))

    def load(self) -> Definition | None:
        """What `save` wrote; None if the machine is absent or half-made."""
        try:
            raw = json.loads(self._definition.read_text())
        except FileNotFoundError:
            return None
        return Definition(**raw | {key: tuple(raw[key]) for key in ("layers", "data")})

    @property
    def _definition(self) -> Path:
        return self.directory / "machine.json"
