"""The steps of the cluster, and of each of its nodes."""

from ashore.components.kubeadm.access import Access
from ashore.components.kubeadm.cluster import Bootstrap, FloatingApi, Nodes
from ashore.components.kubeadm.node import ControlPlane, Worker
from ashore.model.types import Role
from ashore.plan.step import Context, Step


def steps(ctx: Context, access: Access) -> list[Step]:
    """Control planes all at once, the cluster's own objects, then the workers."""
    planes = ctx.stack.of_role(Role.CONTROLPLANE)
    workers = ctx.stack.of_role(Role.WORKER)
    return [
        *(
            ControlPlane(ctx, access, plane, tuple(p for p in planes if p is not plane))
            for plane in planes
        ),
        Bootstrap(ctx, access),
        FloatingApi(ctx, access),
        *(Worker(ctx, access, worker) for worker in workers),
        Nodes(ctx, access),
    ]
