"""What the stack file names for the BMCs of real servers, and never holds itself."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ashore.errors import AshoreError, ExitCode
from ashore.model.types import Bmc, Stack

_LONGEST = 256  # bytes of a password; a BMC takes 20 to 128
_LARGEST = 64 * 1024  # bytes of a certificate


@dataclass(frozen=True, slots=True)
class Credentials:
    """By which one BMC is spoken to.

    Attributes:
        authority: certificate (PEM) that vouches for it; empty if none is named.
    """

    password: str = field(repr=False)
    authority: str


def credentials(stack: Stack) -> dict[str, Credentials]:
    """Those of each machine that has a BMC of its own. Reads the files each time.

    Raises:
        AshoreError: every file that cannot be used, and why (exit code 2).
    """
    found: dict[str, Credentials] = {}
    wrong: list[str] = []
    for machine in stack.machines:
        if machine.bmc is None:
            continue
        try:
            found[machine.name] = _read(machine.bmc)
        except _Unusable as error:
            wrong += [f"{machine.name}: {why}" for why in error.args]
    if wrong:
        raise AshoreError(
            "the BMC of a load balancer cannot be used:\n" + "\n".join(f"  {w}" for w in wrong),
            "see machines.loadbalancer.bmc in the stack file; nothing was changed",
            ExitCode.USAGE,
        )
    return found


class _Unusable(Exception):
    """Its arguments say what is wrong, one each."""


def _read(bmc: Bmc) -> Credentials:
    wrong: list[str] = []

    def attempt(work: Callable[[Path], str], path: str | None) -> str:
        try:
            return work(Path(path)) if path else ""
        except OSError as error:
            wrong.append(f"{path}: {error.strerror or error}")
        except ValueError as error:
            wrong.append(f"{path}: {error}")
        return ""

    made = Credentials(attempt(_password, bmc.password_file), attempt(_certificate, bmc.ca))
    if wrong:
        raise _Unusable(*wrong)
    return made


def _password(path: Path) -> str:
    """One line of a file that nobody else may read or write."""
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError("no plain file")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            told = f"others may read or write it (mode {stat.S_IMODE(mode):04o})"
            raise ValueError(f"{told}; chmod 0600 {path}")
        raw = file.read(_LONGEST + 2)
    # What is wrong with it is said without showing any of it.
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not line:
        raise ValueError("empty; it must hold the password")
    if len(line) > _LONGEST or not all(0x20 <= byte < 0x7F for byte in line):
        raise ValueError(f"must be one line of at most {_LONGEST} printable ASCII characters")
    return line.decode("ascii")


def _certificate(path: Path) -> str:
    """Exactly one certificate, without what may stand around it."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    with path.open("rb") as file:
        raw = file.read(_LARGEST)
    try:
        found = x509.load_pem_x509_certificates(raw)
    except ValueError:
        raise ValueError("no certificate in PEM") from None
    if len(found) != 1:
        raise ValueError(f"holds {len(found)} certificates; it must be one")
    return found[0].public_bytes(Encoding.PEM).decode()
