"""The one account at the registry, made for the stack."""

import base64
import secrets
from dataclasses import dataclass, field

from ashore.plan.step import Secrets

_NAME = "ashore"

_ROUNDS = 5
"""Of bcrypt, 2 to the power of it. The registry works it out for every request, and 192
random bits need no help against guessing."""


@dataclass(frozen=True, slots=True)
class Account:
    """May pull and push.

    Attributes:
        hashed: `name:hash`, a line of htpasswd.
    """

    name: str
    password: str = field(repr=False)
    hashed: str = field(repr=False)

    @property
    def login(self) -> str:
        """As HTTP and Docker write it: base64 of `name:password`."""
        return base64.b64encode(f"{self.name}:{self.password}".encode()).decode()


def account(kept: Secrets) -> Account:
    """The account; made the first time."""
    password = kept.keep("registry/password", lambda: secrets.token_urlsafe(24).encode())

    def line() -> bytes:
        import bcrypt

        return _NAME.encode() + b":" + bcrypt.hashpw(password, bcrypt.gensalt(_ROUNDS))

    # Kept as well: the salt would make another one of it each time.
    hashed = kept.keep("registry/htpasswd", line)
    return Account(_NAME, password.decode(), hashed.decode())


def shared_secret(kept: Secrets) -> str:
    """What the registry signs the state of an upload with, so that one survives its restart."""
    return kept.keep("registry/secret", lambda: secrets.token_hex(32).encode()).decode()
