"""A running machine, spoken to by the QEMU Machine Protocol."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ashore.errors import AshoreError

_ANSWER = 20.0  # s; some milliseconds, but the machine may stand still on a busy host

Command = tuple[str, Mapping[str, Any]]


async def ask(socket: Path, machine: str, commands: Sequence[Command]) -> list[Any]:
    """Say the commands one after another; their answers.

    Raises:
        AshoreError: nobody answers, or one of them is refused.
    """
    # Imported here: only what disturbs a machine or plugs disks needs it.
    from qemu.qmp import QMPClient, QMPError

    client = QMPClient(machine)
    try:
        async with asyncio.timeout(_ANSWER):
            await client.connect(str(socket))
            try:
                return [await client.execute(name, dict(args)) for name, args in commands]
            finally:
                await client.disconnect()
    except (QMPError, OSError, TimeoutError) as error:
        said = str(error) or type(error).__name__
        raise AshoreError(f"{machine}: QEMU does not do as it is asked: {said}") from error
