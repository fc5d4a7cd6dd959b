"""Which of several machines acts: a Lease of Kubernetes, held as long as it is renewed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .kube import Kube

SECONDS = 10
"""How long a holder that no longer renews is waited for."""


@dataclass
class Lease:
    """One machine's view of the lease.

    Whether the holder still renews is told by this machine's own clock: those
    of two machines need not agree.
    """

    kube: Kube
    path: str
    me: str
    clock: Callable[[], float] = time.monotonic
    _seen: str = ""
    _since: float = 0.0
    _until: float = 0.0

    @property
    def held(self) -> bool:
        """Whether this machine may act now."""
        return self.clock() < self._until

    async def renew(self) -> None:
        """Take or keep the lease if that is due. Raises NoAnswerError."""
        asked = self.clock()
        reply = await self.kube.call("GET", self.path)
        if reply.wrong():
            return
        found: dict[str, Any] = reply.body
        spec: dict[str, Any] = found.get("spec") or {}
        holder, renewed = spec.get("holderIdentity") or "", spec.get("renewTime") or ""
        if (mark := f"{holder} {renewed}") != self._seen:
            self._seen, self._since = mark, asked
        if holder not in ("", self.me) and asked - self._since < SECONDS:
            return
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        found["spec"] = {
            "holderIdentity": self.me,
            "leaseDurationSeconds": SECONDS,
            "renewTime": now,
            "acquireTime": spec.get("acquireTime", now) if holder == self.me else now,
        }
        # Refused (409) if another one was quicker: the version is part of the object.
        if not (await self.kube.call("PUT", self.path, found)).wrong():
            self._until = asked + SECONDS * 2 / 3
