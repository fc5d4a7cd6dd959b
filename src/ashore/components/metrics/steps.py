"""`kube/metrics.manifest` and `kube/metrics`: `kubectl top` has what it shows."""

from dataclasses import dataclass

from ashore.components.installed import Installed
from ashore.components.metrics import probe
from ashore.components.metrics.render import manifest
from ashore.components.wait import Watched, until
from ashore.errors import AshoreError
from ashore.pki.authority import Pair
from ashore.plan.step import Step
from ashore.transport.kubeapi import KubeApi

_LAYER = "addons"


def steps(api: KubeApi, image: str, identity: Pair, authority: bytes) -> list[Step]:
    """Installed early, so that it starts the moment a node is Ready."""
    installed = Installed(
        api,
        manifest(image, identity, authority),
        key="kube/metrics.manifest",
        title="install metrics-server",
        layer=_LAYER,
    )
    return [installed, Available(api)]


@dataclass(frozen=True, slots=True)
class Available(Watched):
    """`kube/metrics`."""

    api: KubeApi
    key: str = "kube/metrics"
    title: str = "metrics available"
    layer: str = _LAYER
    machine: None = None
    needs: tuple[str, ...] = ("kube/metrics.manifest", "kube/nodes")

    async def missing(self) -> str:
        """See `Watched`."""
        try:
            return await probe.missing(self.api)
        except AshoreError as error:
            return error.message

    async def apply(self) -> None:
        """See `Step`."""
        await until(
            self.missing,
            "the metrics API is available",
            seconds=120,
            hint="`ashore kubectl -- -n kube-system logs deploy/metrics-server` says why not",
        )
