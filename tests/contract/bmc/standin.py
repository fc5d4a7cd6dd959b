"""The service with a driver whose machines are files: `NAME` in a directory holds on or off.

Run as `python -m tests.contract.bmc.standin --config FILE`.
"""

import asyncio
import sys
from pathlib import Path

from ashore.bmc.config import Config
from ashore.bmc.main import main
from ashore.bmc.power import States
from ashore.drivers.base import Power, PowerState


class Files:
    def __init__(self, directory: Path, seconds: float) -> None:
        self._directory = directory
        self._seconds = seconds

    async def power_on(self, name: str) -> None:
        await self._switch(name, PowerState.ON)

    async def power_off(self, name: str) -> None:
        await self._switch(name, PowerState.OFF)

    async def _switch(self, name: str, state: PowerState) -> None:
        await asyncio.sleep(self._seconds)  # what a switch takes
        (self._directory / name).write_text(state)

    async def states(self) -> dict[str, PowerState]:
        return {f.name: PowerState(f.read_text()) for f in self._directory.iterdir()}


def factory(config: Config) -> tuple[Power, States]:
    files = Files(Path(config.settings["directory"]), config.settings["seconds"])
    return files, files.states


if __name__ == "__main__":
    sys.exit(main(factory))
