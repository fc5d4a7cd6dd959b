"""What the demo's steps and links work with."""

from dataclasses import dataclass
from pathlib import Path

from ashore.demo.render import Names, names
from ashore.events import Emit
from ashore.model.types import Stack
from ashore.plan.step import Secrets
from ashore.transport.base import Connect
from ashore.transport.https import Client, Reply, request
from ashore.transport.kubeapi import KubeApi

PORT = 80


@dataclass(frozen=True, slots=True)
class Site:
    """A stack, as the demo sees it.

    Attributes:
        cache: where the ingredients of its image are kept.
    """

    stack: Stack
    connect: Connect
    api: KubeApi
    secrets: Secrets
    cache: Path
    emit: Emit

    @property
    def names(self) -> Names:
        return names(self.stack)

    async def ask(
        self, address: str, method: str, path: str, body: bytes = b"", *, timeout: float = 10.0
    ) -> Reply:
        """A request to the page, by its name. Raises RequestFailed for no answer."""
        return await ask(self.stack, address, method, path, body, timeout=timeout)


async def ask(
    stack: Stack,
    address: str,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    timeout: float = 10.0,
) -> Reply:
    """A request from this computer to the page. Raises RequestFailed for no answer."""
    return await request(
        Client(None, str(stack.network.host)), address, PORT, method, path,
        server_name=names(stack).host, body=body, timeout=timeout,
    )  # fmt: skip
