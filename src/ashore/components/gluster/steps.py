"""The storage machines become one pool with one volume, which they and the workers mount."""

from ashore.components.gluster.heal import Healed
from ashore.components.gluster.mount import Mounted
from ashore.components.gluster.pool import Daemon, Pool
from ashore.components.gluster.render import ROLES
from ashore.components.gluster.volume import SharedVolume
from ashore.model.types import Role
from ashore.plan.step import Context, Step


def steps(ctx: Context, *, after: str = "config") -> list[Step]:
    """`<st>/glusterd`, `storage/pool`, `storage/volume`, `storage/heal`, `<machine>/shared`.

    None in a stack without storage machines.

    Args:
        after: the step of each storage machine that glusterd waits for.
    """
    storage, connect = ctx.stack.storage, ctx.connect
    if storage is None:
        return []
    machines = ctx.stack.of_role(Role.STORAGE)
    pool = Pool(connect, machines)
    return [
        *(Daemon(connect, machine.name, after) for machine in machines),
        pool,
        SharedVolume(ctx, storage, pool),
        Healed(ctx, storage, machines[0].name),
        *(
            Mounted(connect, machine.name, storage)
            for role in ROLES
            for machine in ctx.stack.of_role(role)
        ),
    ]
