"""Directories that are to be bricks: made, looked at, put back."""

from ashore.components.gluster.cli import tell
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


async def is_lost(connect: Connect, machine: Machine, storage: Storage) -> bool:
    """Whether the directory of a brick that has been there holds no brick any more."""
    index = f"{storage.brick}/.glusterfs/indices"
    found = await connect(machine.name).run(["test", "-d", index], check=False)
    return found.returncode != 0


async def put_back(connect: Connect, machine: Machine, storage: Storage) -> None:
    """Make an empty directory the brick again; the others' data then flows into it.

    Raises:
        AshoreError: the directory holds something.
    """
    await prepare(connect, machine, storage)
    brick = name(machine, storage)
    reset = ("volume", "reset-brick", storage.volume, brick)
    await tell(connect, machine.name, *reset, "start")
    await tell(connect, machine.name, *reset, brick, "commit", "force")
    await tell(connect, machine.name, "volume", "heal", storage.volume, "full")
