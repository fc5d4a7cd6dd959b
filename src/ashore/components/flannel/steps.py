"""`kube/flannel`: the pod network is installed. The nodes becoming Ready shows that it works."""

from ashore.components.flannel.render import manifest
from ashore.components.installed import Installed
from ashore.model.types import Role, Stack
from ashore.plan.step import Context, Step
from ashore.transport.kubeapi import KubeApi


def steps(ctx: Context, api: KubeApi, image: str) -> list[Step]:
    """The one step of flannel."""
    return [
        Installed(
            api,
            manifest(ctx.stack, image),
            key="kube/flannel",
            title="install the pod network",
            needs=_begin(ctx.stack),
            layer="network",
        )
    ]


def _begin(stack: Stack) -> tuple[str, ...]:
    """From when on an API may answer: it is waited for here, as its first seconds count."""
    return tuple(f"{plane.name}/config" for plane in stack.of_role(Role.CONTROLPLANE))
