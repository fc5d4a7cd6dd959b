"""etcd's members, asked and changed from this computer through its JSON gateway."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ashore.transport.https import Client, RequestFailed, request

_PORT = 2379


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the cluster knows it.

    Attributes:
        started: it has run at least once; its data cannot be made anew under this id.
        learner: it receives the data but has no vote yet.
    """

    id: str
    name: str
    peer_urls: tuple[str, ...]
    started: bool
    learner: bool


class Etcd:
    """The etcd cluster behind a set of addresses, of which any may be down."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def members(self, addresses: Sequence[str]) -> list[Member] | None:
        """The members, agreed on by a majority; None if no address gives an answer."""
        reply = await self._first(addresses, "member/list", {"linearizable": True})
        if reply is None:
            return None
        return [
            Member(
                id=str(entry["ID"]),
                name=entry.get("name", ""),
                peer_urls=tuple(entry.get("peerURLs", ())),
                started=bool(entry.get("clientURLs")),
                learner=bool(entry.get("isLearner")),
            )
            for entry in reply["members"]
        ]

    async def remove(self, addresses: Sequence[str], member: Member) -> None:
        """Remove a member. Raises RequestFailed if no address carries it out."""
        if await self._first(addresses, "member/remove", {"ID": member.id}) is None:
            raise RequestFailed(f"etcd: member {member.name or member.id} could not be removed", 0)

    async def healthy(self, address: str) -> str:
        """Empty if the member behind an address can serve, else what is wrong."""
        try:
            reply = await request(
                self._client, address, _PORT, "GET", "/health", server_name=address, timeout=2.0
            )
        except RequestFailed as error:
            return error.message
        return "" if reply.status == 200 else reply.body.decode(errors="replace").strip()

    async def _first(self, addresses: Sequence[str], call: str, body: object) -> Any:
        for address in addresses:
            try:
                reply = await request(
                    self._client, address, _PORT, "POST", f"/v3/cluster/{call}",
                    server_name=address, body=json.dumps(body).encode(), timeout=6.0,
                )  # fmt: skip
            except RequestFailed:
                continue
            if reply.status == 200:
                return reply.json()
        return None
