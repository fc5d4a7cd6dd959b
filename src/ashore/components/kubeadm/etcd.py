"""etcd's members, asked and changed from this computer through its JSON gateway."""

import asyncio
import json
from collections.abc import Coroutine, Sequence
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
        looks = [
            self._call(address, "member/list", {"linearizable": True}) for address in addresses
        ]
        reply = await _first(looks)
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
        for address in addresses:
            if await self._call(address, "member/remove", {"ID": member.id}) is not None:
                return
        raise RequestFailed(f"etcd: member {member.name or member.id} could not be removed", 0)

    async def _call(self, address: str, call: str, body: object) -> Any:
        """What one member answers; None if it does not, or refuses."""
        try:
            reply = await request(
                self._client, address, _PORT, "POST", f"/v3/cluster/{call}",
                server_name=address, body=json.dumps(body).encode(), timeout=6.0,
            )  # fmt: skip
        except RequestFailed:
            return None
        return reply.json() if reply.status == 200 else None


async def _first(calls: Sequence[Coroutine[Any, Any, Any]]) -> Any:
    """The first answer of several calls made at once; None if there is none."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        for done in asyncio.as_completed(tasks):
            answer = await done
            if answer is not None:
                return answer
    finally:
        for task in tasks:
            task.cancel()
    return None
