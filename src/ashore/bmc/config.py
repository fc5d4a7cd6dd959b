"""What the service is told at its start: one JSON file, readable by its owner only."""

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ashore.bmc import passwords
from ashore.errors import AshoreError, ExitCode


@dataclass(frozen=True, slots=True)
class Account:
    """Who may see and reset one machine. `digest` is `passwords.digest` of the password."""

    name: str
    machine: str
    digest: str


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration.

    Attributes:
        stack: its name.
        driver: name of the driver that switches the machines.
        settings: what the driver's factory needs, opaque to the service.
        namespace: path of the network namespace in which it listens; empty for its own.
        listen: addresses and ports.
        certificate: PEM file, the leaf first. key: PEM file of its key.
        fingerprint: SHA-256 of both files, so that a new certificate is a new configuration.
        log: directory of the logs.
        release: the program's version, so that an upgrade restarts the service.
    """

    stack: str
    driver: str
    namespace: str
    listen: tuple[tuple[str, int], ...]
    certificate: str
    key: str
    fingerprint: str
    log: str
    release: str
    accounts: tuple[Account, ...]
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def version(self) -> str:
        """Changes with anything in the file; the service answers with it."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]

    @property
    def machines(self) -> tuple[str, ...]:
        """Machines that have an account, in the order of the file."""
        return tuple(account.machine for account in self.accounts)

    def text(self) -> str:
        """The file's content."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def load(path: Path) -> Config:
    """Read a configuration.

    Raises:
        AshoreError: not there, readable by others, or not what `Config.text` writes.
    """
    try:
        mode = path.stat().st_mode
        raw = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _invalid(path, str(error)) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise AshoreError(
            f"{path}: others may read or write it (mode {stat.S_IMODE(mode):04o})",
            f"chmod 0600 {path}",
            ExitCode.USAGE,
        )
    try:
        return _config(raw)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _invalid(path, f"{type(error).__name__}: {error}") from error


def _config(raw: dict[str, Any]) -> Config:
    accounts = tuple(Account(**account) for account in raw.pop("accounts"))
    for account in accounts:
        passwords.split(account.digest)
    for kind in ("name", "machine"):
        if len({getattr(account, kind) for account in accounts}) < len(accounts):
            raise ValueError(f"two accounts share a {kind}")
    listen = tuple((str(address), int(port)) for address, port in raw.pop("listen"))
    return Config(accounts=accounts, listen=listen, **raw)


def _invalid(path: Path, why: str) -> AshoreError:
    return AshoreError(
        f"{path}: no configuration of the Redfish service: {why}",
        "`ashore up` writes it",
        ExitCode.USAGE,
    )
