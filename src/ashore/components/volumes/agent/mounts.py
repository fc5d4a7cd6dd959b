"""Looks after a worker's mount of the shared volume and the pods that use it.

When the FUSE client dies, its service mounts anew, but what pods had mounted
stays broken for ever ("Transport endpoint is not connected"). Such a mount is
known by its device: another one than the mount has now.
"""

import asyncio
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .kube import Kube, NoAnswerError
from .log import log

_MOUNTS = Path("/proc/self/mountinfo")
_LOOK = 1.0  # s
_PROBE = 5.0  # s
_MISSING = 10
"""Looks without a mount, its service running, until the service is made to begin again."""

HANGS = 60.0
"""Seconds without an answer after which a FUSE client counts as hung.

Losing machines takes Gluster a tenth of it, and ends in an error, not in silence.
"""

_POD = re.compile(r"^/var/lib/kubelet/pods/([0-9a-f-]{36})/")
_GONE = (404, 409)


@dataclass(frozen=True)
class Mount:
    """A line of mountinfo: device numbers and where it is mounted."""

    device: str
    path: str


def shared(mountinfo: str) -> list[Mount]:
    """The mounts of Gluster volumes."""
    found: list[Mount] = []
    for line in mountinfo.splitlines():
        head, _, tail = line.partition(" - ")
        if tail.startswith("fuse.glusterfs "):
            words = head.split()
            found.append(Mount(words[2], words[4]))
    return found


def broken(mounts: Iterable[Mount], mount: str) -> set[str] | None:
    """The uids of pods whose mounts are not of the client that runs now.

    None if nothing is mounted, when it cannot be told.
    """
    found = list(mounts)
    # The last one covers those below it.
    now = [m.device for m in found if m.path == mount][-1:]
    if not now:
        return None
    pods = ((m.device, _POD.match(m.path)) for m in found)
    return {pod[1] for device, pod in pods if pod and device != now[0]}


@dataclass
class Watch:
    """One worker's mount. `kube` asks as the node itself, which may delete its own pods."""

    kube: Kube
    node: str
    mount: str
    unit: str
    missing: int = 0

    async def look(self) -> None:
        """One look. Raises NoAnswerError if pods have to go and the API does not answer."""
        stale = broken(shared(_MOUNTS.read_text()), self.mount)
        self.missing = self.missing + 1 if stale is None else 0
        if self.missing >= _MISSING:
            self.missing = 0
            # One that still starts is waiting for the storage machines.
            if await _run("systemctl", "is-active", "--quiet", self.unit) == 0:
                await self.restart("nothing is mounted")
        if stale:
            await self._restart_pods(stale)

    async def restart(self, why: str) -> None:
        """End the FUSE client; its service starts another one.

        Not by a restart of the service, which would take the kubelet along.
        """
        log(f"{self.mount}: {why}; ending its client")
        await _run("systemctl", "kill", "--signal=KILL", self.unit)

    async def probe(self) -> None:
        """Ask for the mount's root; a client that is silent for too long is ended."""
        process = await asyncio.create_subprocess_exec(
            "stat", "--file-system", self.mount,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(HANGS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await self.restart(f"no answer within {HANGS:.0f} s")

    async def _restart_pods(self, uids: set[str]) -> None:
        """Delete the pods: what owns them makes new ones, with mounts that work."""
        pods, _ = await self.kube.items(f"/api/v1/pods?fieldSelector=spec.nodeName={self.node}")
        for pod in pods:
            meta: dict[str, Any] = pod["metadata"]
            if meta["uid"] not in uids or "deletionTimestamp" in meta:
                continue
            path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
            only = {"preconditions": {"uid": meta["uid"]}}
            reply = await self.kube.call("DELETE", path, only)
            done = reply.status not in _GONE and reply.wrong()
            log(f"{meta['namespace']}/{meta['name']} lost its volume: {done or 'deleted'}")


async def watch(what: Watch) -> None:
    """Look for ever, and probe beside it."""

    async def looks() -> None:
        while True:
            try:
                await what.look()
            except NoAnswerError as error:
                log(str(error))
            await asyncio.sleep(_LOOK)

    async def probes() -> None:
        while True:
            await what.probe()
            await asyncio.sleep(_PROBE)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(looks())
        tasks.create_task(probes())


async def _run(*argv: str) -> int:
    process = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.DEVNULL)
    return await process.wait()


def main() -> None:
    """Read the configuration named on the command line, and watch."""
    config: dict[str, str] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    kube = Kube(config["server"], config["ca"], config["certificate"])
    asyncio.run(watch(Watch(kube, config["machine"], config["mount"], config["unit"])))


if __name__ == "__main__":
    main()
