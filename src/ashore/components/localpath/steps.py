"""`kube/localpath`: the provisioner of class `local` is installed."""

from ashore.components.installed import Installed
from ashore.components.localpath.render import manifest
from ashore.plan.step import Context, Step
from ashore.transport.kubeapi import KubeApi


def steps(ctx: Context, api: KubeApi, image: str) -> list[Step]:
    """The one step."""
    title = "install the provisioner of local volumes"
    return [Installed(api, manifest(ctx.stack, image), "kube/localpath", title)]
