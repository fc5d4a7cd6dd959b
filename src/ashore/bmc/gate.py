"""Who asks: Basic authentication or a session's token."""

import asyncio
import base64
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ashore.bmc.config import Account
from ashore.bmc.errors import closing, refuse
from ashore.bmc.exchange import Refused
from ashore.bmc.limits import Limits
from ashore.bmc.passwords import Passwords

SESSION = 600.0  # s that a session lives without a request
_SESSIONS = 8  # of one account; the oldest goes


@dataclass(frozen=True, slots=True)
class Session:
    """A session; `until` in seconds of `time.monotonic`."""

    identity: str
    account: str
    token: str
    until: float


class Gate:
    """Accounts and their sessions."""

    def __init__(self, accounts: tuple[Account, ...], limits: Limits) -> None:
        self._accounts = {account.name: account for account in accounts}
        self._passwords = Passwords({a.name: a.digest for a in accounts})
        self._pause = limits.wrong_password
        self._sessions: dict[str, Session] = {}  # by token, oldest first

    async def account(self, headers: Mapping[str, str]) -> Account:
        """The account behind a request.

        Raises:
            Refused: 401, after a pause if the credentials are wrong.
        """
        if token := headers.get("x-auth-token"):
            session = self._live().get(token)
            if session is None:
                raise _unauthorized("no such session, or it expired")
            self._sessions[token] = replace(session, until=time.monotonic() + SESSION)
            return self._accounts[session.account]
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if not scheme:
            raise _unauthorized("no credentials")
        if scheme.lower() != "basic":
            raise _unauthorized("neither Basic authentication nor a session's token")
        name, _, password = _decoded(value).partition(":")
        return await self.login(name, password)

    async def login(self, name: str, password: str) -> Account:
        """The account of that name.

        Raises:
            Refused: 401, after a pause.
        """
        if not self._passwords.right(name, password):
            await asyncio.sleep(self._pause)
            raise closing(_unauthorized("wrong account or password"))
        return self._accounts[name]

    def open(self, account: Account) -> Session:
        """A new session; it takes the place of the account's oldest if there are too many."""
        mine = self.sessions(account)
        for old in mine[: max(0, len(mine) - _SESSIONS + 1)]:
            del self._sessions[old.token]
        until = time.monotonic() + SESSION
        session = Session(os.urandom(8).hex(), account.name, os.urandom(32).hex(), until)
        self._sessions[session.token] = session
        return session

    def sessions(self, account: Account) -> list[Session]:
        """The account's sessions, oldest first."""
        return [s for s in self._live().values() if s.account == account.name]

    def close(self, session: Session) -> None:
        """End a session."""
        self._sessions.pop(session.token, None)

    def _live(self) -> dict[str, Session]:
        now = time.monotonic()
        self._sessions = {t: s for t, s in self._sessions.items() if s.until > now}
        return self._sessions


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except ValueError:
        return ""


def _unauthorized(why: str) -> Refused:
    challenge = 'Basic realm="Ashore", charset="UTF-8"'
    return refuse(401, "NoValidSession", why, WWW_Authenticate=challenge)
