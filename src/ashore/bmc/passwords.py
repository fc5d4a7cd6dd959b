"""Passwords of the accounts: kept as scrypt digests, checked in constant time."""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping

# The passwords are 256 random bits made for the stack, so the digest needs no
# stretching against guesses; 1 MiB and 3 ms keep a flood of wrong passwords
# from starving the service (n=2**14 takes 16 MiB and 68 ms on the reference machine).
_N, _R, _P = 1024, 8, 1
_PREFIX = f"scrypt${_N}${_R}${_P}"

_LONGEST = 128  # bytes of a name or password that are worth looking at


def digest(password: str, salt: bytes) -> str:
    """The digest as it stands in the configuration: `scrypt$n$r$p$salt$key`, base64."""
    key = _scrypt(password, salt)
    return f"{_PREFIX}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def split(text: str) -> tuple[bytes, bytes]:
    """Salt and key of a digest.

    Raises:
        ValueError: it is no digest of the kind that `digest` makes.
    """
    prefix, salt, key = text.rsplit("$", 2)
    if prefix != _PREFIX:
        raise ValueError(f"not a {_PREFIX} digest")
    return base64.b64decode(salt, validate=True), base64.b64decode(key, validate=True)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=32)


class Passwords:
    """Checks names and passwords against digests.

    Args:
        digests: digest by account name.
    """

    def __init__(self, digests: Mapping[str, str]) -> None:
        self._digests = {name: split(text) for name, text in digests.items()}
        # An unknown name must take as long as a known one.
        self._nobody = (os.urandom(16), os.urandom(32))
        # Clients with Basic authentication send the password each time: the
        # right one is recognised again without scrypt, under a key of this process.
        self._key = os.urandom(32)
        self._seen: dict[str, bytes] = {}

    def right(self, name: str, password: str) -> bool:
        """Whether the password is the account's."""
        if max(len(name.encode()), len(password.encode())) > _LONGEST:
            return False
        mark = hmac.digest(self._key, password.encode(), "sha256")
        if hmac.compare_digest(self._seen.get(name, b""), mark):
            return True
        salt, key = self._digests.get(name, self._nobody)
        if not hmac.compare_digest(_scrypt(password, salt), key) or name not in self._digests:
            return False
        self._seen[name] = mark
        return True
