"""Makes, limits, grows and removes the volumes of class `shared`.

What is done can be done twice: names follow from the claim, and every pass
compares all that is with all that should be, so nothing is lost with the
machine that acted.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from . import objects
from .disk import Disk, DiskError, Space, unpromised
from .events import Events
from .kube import MERGE, Kube, NoAnswerError
from .log import log
from .objects import Claim, Volume

CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"

_EXISTS = 409


class RefusedError(Exception):
    """The API refused a change; the message says why."""


@dataclass
class Provisioner:
    """The work itself: `one_pass` brings everything into step once."""

    kube: Kube
    disk: Disk
    events: Events
    removing: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, Any])

    async def one_pass(self) -> None:
        """Compare claims, volumes and directories, and do what is missing.

        Raises:
            NoAnswerError: the API did not answer.
            DiskError: the shared file system did not.
        """
        claims = objects.claims((await self.kube.items(CLAIMS))[0])
        volumes = objects.volumes((await self.kube.items(VOLUMES))[0], self.disk.base)
        spaces = await self.disk.spaces([v.path for v in volumes.values()])
        if self.disk.mount not in spaces:
            raise DiskError(f"{self.disk.mount} does not answer")
        for volume in volumes.values():
            if volume.deletable:
                self._remove(volume)
            elif volume.path in spaces and spaces[volume.path].size != volume.size:
                await self.disk.limit(volume.path, volume.size)
        free = _free(volumes, spaces, self.disk.mount)
        for claim in claims:
            free -= await self._serve(claim, volumes, free)

    async def _serve(self, claim: Claim, volumes: dict[str, Volume], free: int) -> int:
        """Give one claim what it lacks; returns the bytes that it was promised by this."""
        try:
            if not claim.volume and claim.wanted_volume not in volumes:
                await self._provision(claim, free)
                return claim.wants
            if volume := volumes.get(claim.volume):
                return await self._grow(claim, volume, free)
        except (RefusedError, DiskError) as error:
            reason = "VolumeResizeFailed" if claim.volume else "ProvisioningFailed"
            await self.events.tell(claim, "Warning", reason, str(error))
        return 0

    async def _provision(self, claim: Claim, free: int) -> None:
        """The directory, then its limit, then the volume: nobody can write before the limit."""
        if claim.refusal:
            raise RefusedError(claim.refusal)
        if claim.wants > free:
            raise RefusedError(objects.too_large(claim.wants, free))
        body = objects.persistent_volume(claim, self.disk.base)
        path = body["spec"]["local"]["path"]
        await self.disk.make(path)
        await self.disk.limit(path, claim.wants)
        reply = await self.kube.call("POST", VOLUMES, body)
        if reply.wrong() and reply.status != _EXISTS:
            raise RefusedError(reply.wrong())
        said = f"made {claim.wanted_volume} with {objects.quantity(claim.wants)}"
        await self.events.tell(claim, "Normal", "ProvisioningSucceeded", said)

    async def _grow(self, claim: Claim, volume: Volume, free: int) -> int:
        """The limit, then the volume's size, then what the claim's status shows."""
        more = claim.wants - volume.size
        if more > 0:
            if more > free:
                raise RefusedError(objects.too_large(more, free))
            await self.disk.limit(volume.path, claim.wants)
            await self._patch(f"{VOLUMES}/{volume.name}", "spec", claim.wants)
        # It shows nothing at all while the cluster still binds it.
        if 0 < claim.has < claim.wants:
            path = f"/api/v1/namespaces/{claim.namespace}/persistentvolumeclaims/{claim.name}"
            await self._patch(f"{path}/status", "status", claim.wants)
            said = f"grew to {objects.quantity(claim.wants)}"
            await self.events.tell(claim, "Normal", "VolumeResizeSuccessful", said)
        return max(more, 0)

    async def _patch(self, path: str, part: str, size: int) -> None:
        change = {part: {"capacity": {"storage": objects.quantity(size)}}}
        reply = await self.kube.call("PATCH", path, change, MERGE)
        if reply.wrong():
            raise RefusedError(reply.wrong())

    def _remove(self, volume: Volume) -> None:
        """Begin to remove a volume; a large one takes long, and the others must not wait."""
        task = self.removing.get(volume.name)
        if task is None or task.done():
            self.removing[volume.name] = asyncio.create_task(self._removed(volume))
        self.removing = {n: t for n, t in self.removing.items() if not t.done()}

    async def _removed(self, volume: Volume) -> None:
        try:
            await self.disk.unlimit(volume.path)
            await self.disk.remove(volume.path)
            reply = await self.kube.call("DELETE", f"{VOLUMES}/{volume.name}")
        except (DiskError, NoAnswerError) as error:
            log(f"{volume.name} is not removed yet: {error}")
        else:
            log(f"removed {volume.name}: {reply.wrong() or 'done'}")


def _free(volumes: dict[str, Volume], spaces: dict[str, Space], mount: str) -> int:
    promised = {volume.path: volume.size for volume in volumes.values() if not volume.deletable}
    return unpromised(spaces[mount], promised, spaces)
