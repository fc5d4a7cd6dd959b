"""What a user sees of a claim in `kubectl describe`: events, one for each thing said."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .kube import MERGE, Kube
from .objects import PROVISIONER, Claim

_EXISTS = 409


@dataclass
class Events:
    """Tells events; the same one again is counted, not repeated."""

    kube: Kube
    machine: str
    _count: dict[str, int] = field(default_factory=dict[str, int])

    async def tell(self, claim: Claim, kind: str, reason: str, message: str) -> None:
        """Say something of a claim; `kind` is Normal or Warning.

        Raises NoAnswerError if the API is away.
        """
        mark = hashlib.sha256(f"{claim.uid} {reason} {message}".encode()).hexdigest()[:16]
        name = f"{claim.name[:200]}.{mark}"
        count = self._count[name] = self._count.get(name, 0) + 1
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        path = f"/api/v1/namespaces/{claim.namespace}/events"
        again: dict[str, Any] = {"count": count, "lastTimestamp": now}
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": claim.namespace},
            "involvedObject": claim.reference(),
            "type": kind,
            "reason": reason,
            "message": message,
            "source": {"component": PROVISIONER, "host": self.machine},
            "firstTimestamp": now,
            **again,
        }
        if (await self.kube.call("POST", path, body)).status == _EXISTS:
            await self.kube.call("PATCH", f"{path}/{name}", again, MERGE)
