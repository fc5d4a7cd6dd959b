"""The shared volume: its machines, their bricks, and the clients that mount it."""

import errno
import os
from dataclasses import dataclass

from ashore.components.gluster.render import UNIT
from ashore.drill import shared
from ashore.drill.fault import Targets, World
from ashore.drill.faults.described import Choose, Commanded, last
from ashore.drill.faults.links import Cut
from ashore.drill.faults.machines import Deleted, Frozen, Killed
from ashore.drill.verdict import Bound
from ashore.drivers.base import Freeze, Power
from ashore.errors import AshoreError
from ashore.model.types import Role

_STORAGE = (Role.STORAGE, Role.WORKER)
_API = (Bound("api", gap=1.0), Bound("writes", gap=2.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff(Cut):
    """The link of a machine that is chosen by its role."""

    chooses: Choose

    async def choose(self, world: World) -> dict[str, str]:
        """See `Fault`."""
        return await self.chooses(world)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiped(Commanded):
    """What `up` alone can put back."""

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await world.mend()


@dataclass(frozen=True, slots=True, kw_only=True)
class Full(Commanded):
    """The bricks take no more. A disk that has room for a write yet proves nothing."""

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        await super(Full, self).inject(world, on)
        writer, storage = shared.writer(world), world.stack.storage
        if writer is None or storage is None:
            raise AshoreError(f"drill {self.name}: nobody writes to the shared volume")
        argv = ["sh", "-c", _REFUSED, "sh", f"{storage.mount}/.ashore-drill-full"]
        done = await world.connect(writer.name).run(argv, check=False, timeout=40)
        if done.returncode:
            raise AshoreError(f"{writer.name}: the shared volume still takes what is written")


# Gluster looks every five seconds how much is free.
_REFUSED = f"""\
for try in $(seq 30); do
  said=$(LC_ALL=C dd if=/dev/zero of="$1" bs=64k count=1 conv=fsync 2>&1)
  rm -f "$1"
  case $said in *"{os.strerror(errno.ENOSPC)}"*) exit 0;; esac
  sleep 1
done
exit 1
"""


async def _majority(world: World) -> dict[str, str]:
    """Two machines of the last three, which hold the same data."""
    machines = world.machines(Role.STORAGE)
    return {"machine": machines[-1].name, "second": machines[-2].name}


FAULTS = (
    Killed(
        name="storage-killed",
        title="a storage machine loses power",
        does="switch {machine} off; switch it on again later",
        expected=(
            "writes go on: two of three bricks are enough. What {machine} has missed is healed"
            " after it is back"
        ),
        lasts=12.0,
        bounds=(Bound("shared", gap=3.0), *_API),
        roles=_STORAGE,
        chooses=last(Role.STORAGE),
    ),
    Frozen(
        name="storage-frozen",
        title="a storage machine hangs as a whole",
        does="freeze everything on {machine}; thaw it later",
        expected=(
            "writes wait until the clients give {machine}'s brick up, which does not answer, and"
            " then go on"
        ),
        lasts=12.0,
        bounds=(Bound("shared", gap=5.0), *_API),
        roles=_STORAGE,
        needs=(Power, Freeze),
        chooses=last(Role.STORAGE),
    ),
    CutOff(
        name="storage-link-cut",
        title="packets of a storage machine are lost",
        does="drop everything from and to {machine} for a while",
        expected="as when it hangs; {machine} alone has no quorum, so it stops its brick",
        lasts=15.0,
        bounds=(Bound("shared", gap=5.0), *_API),
        roles=_STORAGE,
        silently=True,
        chooses=last(Role.STORAGE),
    ),
    Killed(
        name="storage-majority-killed",
        title="two of three storage machines lose power",
        does="switch {machine} and {second} off at once; switch them on again later",
        expected=(
            "writes fail or wait, and none is acknowledged: one brick of three is no majority."
            " Afterwards they go on by themselves, and nothing that was acknowledged is missing"
        ),
        lasts=12.0,
        bounds=(Bound("shared", gap=60.0), *_API),
        roles=_STORAGE,
        chooses=_majority,
    ),
    Wiped(
        name="storage-brick-wiped",
        title="a brick's data is gone",
        does="kill the brick's process on {machine} and delete its files; then `ashore up`",
        expected=(
            "writes go on with the other two bricks; `up` puts an empty brick in the place of the"
            " lost one and fills it from the others"
        ),
        lasts=5.0,
        recovers=240.0,
        bounds=(Bound("shared", gap=3.0), *_API),
        roles=_STORAGE,
        chooses=last(Role.STORAGE),
        breaks=(
            "kill -KILL $(cat /run/gluster/vols/shared/*.pid);"
            " find /srv/brick/shared -mindepth 1 -delete"
        ),
    ),
    Deleted(
        name="storage-replaced",
        title="a storage machine is lost with its data and replaced",
        does="delete {machine} with its disks; make it anew by `ashore up`",
        expected=(
            "writes go on with the other two. `up` gives the new machine the identity of the lost"
            " one in the pool, and its brick is filled from the others"
        ),
        lasts=5.0,
        recovers=240.0,
        bounds=(Bound("shared", gap=3.0), *_API),
        roles=_STORAGE,
        chooses=last(Role.STORAGE),
    ),
    Full(
        name="storage-full",
        title="the bricks' disks are full",
        does=(
            "have every brick keep nearly all of its disk in reserve (storage.reserve 99), so that"
            " it takes as much as a full one; give it back later"
        ),
        expected=(
            "writes are refused at once with `no space left`, and none of them is acknowledged;"
            " what was acknowledged stays, and writes go on by themselves when there is room"
        ),
        lasts=15.0,
        bounds=(Bound("shared", gap=45.0), *_API),
        roles=_STORAGE,
        chooses=last(Role.STORAGE),
        # 100 is taken, and has no effect.
        breaks="gluster --mode=script volume set shared storage.reserve 99",
        mends="gluster --mode=script volume reset shared storage.reserve",
        remains=(
            "gluster volume info shared | grep -q storage.reserve && echo the reserve is not reset"
            " || true"
        ),
    ),
    Commanded(
        name="fuse-client-killed",
        title="the client of the shared volume on a worker is killed",
        does="kill the FUSE client on {machine}",
        expected=(
            "the volume is mounted again within seconds. What had it open keeps a broken mount;"
            " what opens it anew goes on"
        ),
        lasts=6.0,
        bounds=(Bound("shared", gap=6.0), *_API),
        roles=_STORAGE,
        chooses=last(Role.WORKER),
        breaks=f"systemctl kill --kill-whom=main --signal=KILL {UNIT}",
    ),
)
