"""Whether the registry answers, and what it holds."""

from collections.abc import Iterable

from ashore.components.registry.render import COLLECT, DATA, PORT
from ashore.model.types import Stack
from ashore.transport.base import Connect
from ashore.transport.https import Client, RequestFailed, request

_COLLECTION = 1800.0
"""Seconds: a collection reads every manifest and deletes file by file."""


async def answers(client: Client, stack: Stack) -> str:
    """What is wrong with the registry; empty if it serves.

    Asked without the account: to refuse is an answer, and must be the answer.
    """
    address = str(stack.network.gateway)
    try:
        reply = await request(
            client, address, PORT, "GET", "/v2/", server_name=stack.registry_name, timeout=2.0
        )
    except RequestFailed as error:
        return error.message
    return "" if reply.status == 401 else f"the registry says {reply.status} to a stranger"


async def used(connect: Connect, gateway: str) -> int:
    """Bytes that the registry's data take."""
    done = await connect(gateway).run(["du", "-sxB1", DATA], timeout=120)
    return int(done.text.split()[0])


async def free(connect: Connect, gateway: str) -> int:
    """Bytes that are free for more."""
    done = await connect(gateway).run(["df", "-B1", "--output=avail", DATA], timeout=10)
    return int(done.text.split()[-1])


async def collect(connect: Connect, gateway: str) -> int:
    """Delete what no tag leads to; the bytes that this freed.

    The registry is away meanwhile; its machine starts it again, whatever
    becomes of this program.

    Raises:
        CommandFailed: the collection failed; the registry is started all the same.
    """
    before = await used(connect, gateway)
    await connect(gateway).run(["systemctl", "start", COLLECT], timeout=_COLLECTION)
    # Where nothing was ever pushed, the collection makes the directories that it looks through.
    return max(0, before - await used(connect, gateway))


async def discard(connect: Connect, gateway: str, uploads: Iterable[tuple[str, str]]) -> None:
    """Delete what arrived of uploads, each a repository and an identifier, that failed."""
    root = f"{DATA}/docker/registry/v2/repositories"
    paths = [f"{root}/{repository}/_uploads/{name}" for repository, name in uploads]
    await connect(gateway).run(["rm", "-rf", "--", *paths], timeout=30)
