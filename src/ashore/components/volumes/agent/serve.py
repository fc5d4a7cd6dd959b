"""Keeps the provisioner going; runs on every storage machine, and one of them acts at a time."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .disk import Disk, DiskError
from .events import Events
from .kube import Kube, NoAnswerError
from .lease import Lease
from .log import log
from .provisioner import CLAIMS, VOLUMES, Provisioner

_RENEW = 2.5  # s
_PASS = 30.0  # s between two passes if nothing changes
_AGAIN = 2.0  # s after a pass that broke off
_WATCH = 300  # s


@dataclass
class Service:
    """A provisioner, and the lease by which it may act. `bell` rings when there may be work."""

    provisioner: Provisioner
    lease: Lease
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Never returns."""
        jobs = (self.work, self.hold, lambda: self.watch(CLAIMS), lambda: self.watch(VOLUMES))
        async with asyncio.TaskGroup() as tasks:
            for job in jobs:
                tasks.create_task(_for_ever(job))

    async def work(self) -> None:
        """One pass when the bell rings, and now and then."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PASS):
                await self.bell.wait()
        self.bell.clear()
        if not self.lease.held:
            return
        try:
            await self.provisioner.one_pass()
        except (NoAnswerError, DiskError):
            self.bell.set()
            raise

    async def hold(self) -> None:
        """Take or keep the lease. A machine that does not reach the volumes leaves it to others."""
        had = self.lease.held
        if await self.provisioner.disk.mounted():
            await self.lease.renew()
        if self.lease.held and not had:
            log("this machine makes the volumes now")
            self.bell.set()
        await asyncio.sleep(_RENEW)

    async def watch(self, path: str) -> None:
        """Ring for each change of a list of objects."""
        kube = self.provisioner.kube
        _, version = await kube.items(path)
        self.bell.set()
        async for _ in kube.changes(path, version, _WATCH):
            self.bell.set()


async def _for_ever(job: Callable[[], Coroutine[Any, Any, None]]) -> None:
    said = ""
    while True:
        try:
            await job()
            said = ""
        except (NoAnswerError, DiskError) as error:
            if str(error) != said:
                log(said := str(error))
            await asyncio.sleep(_AGAIN)


def main() -> None:
    """Read the configuration named on the command line, and serve."""
    config: dict[str, str] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    kube = Kube(config["server"], config["ca"], config["certificate"])
    disk = Disk(config["mount"], config["volume"], config["base"])
    provisioner = Provisioner(kube, disk, Events(kube, config["machine"]))
    asyncio.run(Service(provisioner, Lease(kube, config["lease"], config["machine"])).run())


if __name__ == "__main__":
    main()
