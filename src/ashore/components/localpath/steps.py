"""`kube/localpath.manifest` and `kube/localpath`: class `local` can be asked for."""

from ashore.components.installed import Installed, Running
from ashore.components.localpath.render import DEPLOYMENT, manifest
from ashore.plan.step import Context, Step
from ashore.transport.kubeapi import KubeApi


def steps(ctx: Context, api: KubeApi, image: str) -> list[Step]:
    """Installed early, so that it starts the moment a node is Ready."""
    title = "install the provisioner of local volumes"
    key = "kube/localpath.manifest"
    return [
        Installed(api, manifest(ctx.stack, image), key, title),
        Running(api, DEPLOYMENT, "kube/localpath", "local volumes are made", (key, "kube/nodes")),
    ]
