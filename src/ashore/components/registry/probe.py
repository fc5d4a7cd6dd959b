"""Whether the registry answers, and what it holds."""

from ashore.components.registry.render import DATA, PORT
from ashore.model.types import Stack
from ashore.transport.base import Connect
from ashore.transport.https import Client, RequestFailed, request


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
