"""What Gluster says of its pool, its volume and its bricks."""

from ashore.components.wait import ask
from ashore.transport.base import Connect


async def serves(connect: Connect, machine: str) -> bool:
    """Whether glusterd answers on the machine.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    done = await ask(connect, machine, ["gluster", "--mode=script", "pool", "list"])
    return done is not None and done.returncode == 0
