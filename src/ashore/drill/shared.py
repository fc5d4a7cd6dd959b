"""The writer on the shared volume: where it runs, what it writes, how that is taken away."""

import contextlib
import secrets
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from ashore.drill.fault import World
from ashore.errors import AshoreError
from ashore.model.types import Machine, Role

PROBE = "shared"
INTERVAL = 0.050
_DIRECTORY = ".ashore-drill"


def writer(world: World) -> Machine | None:
    """The worker that writes; None in a stack without a shared volume or without workers."""
    workers = world.stack.of_role(Role.WORKER)
    return workers[-1] if world.stack.storage is not None and workers else None


def command() -> Sequence[str]:
    """The program as a worker runs it, with its distribution's Python."""
    text = (files("ashore.drill.client") / "volume.py").read_text()
    return ("python3", "-I", "-c", text)


def directory(below: str) -> str:
    """Where the records are, below the mount or a brick."""
    return f"{below}/{_DIRECTORY}"


def wish(world: World, seconds: float) -> dict[str, Any]:
    """What the program is told to do."""
    mount = world.stack.storage.mount if world.stack.storage else ""
    return {
        "name": PROBE,
        "directory": directory(mount),
        "seed": secrets.token_hex(8),
        "interval": INTERVAL,
        "seconds": seconds,
    }


async def clean(world: World) -> None:
    """Remove what was written; no error if nothing is there, or the volume does not answer."""
    machine, storage = writer(world), world.stack.storage
    if machine is None or storage is None:
        return
    remove = ["timeout", "20", "rm", "-rf", directory(storage.mount)]
    with contextlib.suppress(AshoreError):
        await world.connect(machine.name).run(remove, check=False, timeout=30)
