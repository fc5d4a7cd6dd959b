"""Directories that are to be bricks: made, looked at, put back."""

from enum import StrEnum

from ashore.components.gluster.cli import tell
from ashore.components.gluster.pool import Pool
from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.model.types import Machine, Storage
from ashore.transport.base import Connect


def name(machine: Machine, storage: Storage) -> str:
    """A brick as Gluster calls it."""
    return f"{machine.address}:{storage.brick}"


async def prepare(connect: Connect, machine: Machine, storage: Storage) -> None:
    """Make the directory anew, so that it carries no mark of a volume that was never made.

    Raises:
        AshoreError: it holds something.
    """
    done = await connect(machine.name).run(["sh", "-c", _PREPARE, "sh", storage.brick], check=False)
    if done.returncode:
        found = ", ".join(done.text.split()) or done.stderr.decode(errors="replace").strip()
        raise AshoreError(
            f"{machine.name}: {storage.brick} is no brick of the volume, but it holds: {found}",
            "move that away, then `ashore up` again",
        )


_PREPARE = '[ ! -e "$1" ] || rmdir "$1" || { ls -A "$1" | head -n 5; exit 1; }; mkdir -p "$1"'


class Brick(StrEnum):
    """What the directory of a brick is, beside how Gluster sees it."""

    WHOLE = "whole"
    LOST = "lost"
    UNFILLED = "unfilled"


async def look(connect: Connect, machine: Machine, storage: Storage) -> Brick:
    """Whether a brick that has been there is still there, and was filled if it was lost.

    Raises:
        CommandFailed: no answer. MachineDown: the machine cannot be asked.
    """
    argv = ["sh", "-c", _LOOK, "sh", storage.brick, _mark(storage)]
    return Brick((await connect(machine.name).run(argv)).text)


_LOOK = """\
[ -d "$1/.glusterfs/indices" ] || { echo lost; exit 0; }
[ -e "$2" ] && echo unfilled || echo whole
"""


def _mark(storage: Storage) -> str:
    """A file that is there from the loss of a brick until its data is asked for."""
    return f"{storage.brick}.unfilled"


async def put_back(connect: Connect, machine: Machine, storage: Storage, pool: Pool) -> None:
    """Make an empty directory the brick again.

    Raises:
        AshoreError: the directory holds something.
    """
    await prepare(connect, machine, storage)
    await connect(machine.name).put(_mark(storage), b"")
    # glusterd takes a brick for a new one that it has only heard of from a peer.
    await connect(machine.name).run(["systemctl", "restart", "glusterd"])
    await pool.complete()
    brick = name(machine, storage)
    reset = ("volume", "reset-brick", storage.volume, brick)
    await tell(connect, machine.name, *reset, "start")
    await tell(connect, machine.name, *reset, brick, "commit", "force")


_FILLS = 60.0
"""Seconds for the self-heal daemon of a machine whose glusterd has just started anew."""


async def fill(connect: Connect, machine: Machine, storage: Storage) -> None:
    """Have the brick filled from the others: every directory is looked through.

    Gluster refuses until every machine's self-heal daemon has met its bricks, which may be
    seconds after the brick is there.

    Raises:
        AshoreError: refused to the end.
    """

    async def ask() -> str:
        await tell(connect, machine.name, "volume", "heal", storage.volume, "full")
        return ""

    await until(ask, f"{machine.name}: its brick is filled", seconds=_FILLS, interval=1.0)
    await connect(machine.name).run(["rm", "-f", _mark(storage)])
