"""Steps that make a machine a node: `<cp>/kubeadm` and `<w>/kubeadm`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ashore.components.kubeadm.access import Access
from ashore.components.kubeadm.formation import Entry, decide
from ashore.components.kubeadm.render import DIRECTORY, KUBELET_CERTIFICATE
from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.model.types import Machine
from ashore.plan.step import Context
from ashore.transport.base import CommandFailed, Transport

_SETTLE = 240.0
"""Seconds for a node that was away, all its machines at once and their host busy."""

_JOINED = f"{DIRECTORY}/joined"
"""Exists once kubeadm has finished on the machine."""

_SECONDS = 300.0
"""For kubeadm as a whole; its own time-outs, which say more, are shorter."""

# What was checked by preflight is the golden image, the same on every machine.
# What the whole cluster needs once is the step kube/bootstrap's business.
_SKIP_INIT = (
    "preflight,upload-config,upload-certs,bootstrap-token,kubelet-finalize,addon,show-join-command"
)

_JOIN = ("join", "--config", f"{DIRECTORY}/join.yaml", "--skip-phases", "preflight")

# What a user needs of it: each of the kubelet's complaints once, and the last
# words of the static pods. That it has no node to put mirror pods on is no news.
_LOGS = r"""
journalctl -u kubelet -n 400 --no-pager -o cat | grep '^E' | grep -v 'mirror pod' |
  sed 's/^[^]]*] //' | cut -c 1-300 | awk '!seen[$0]++' | tail -n 5 | sed 's/^/kubelet: /'
for log in /var/log/pods/kube-system_*/*/*.log; do
  [ -s "$log" ] || continue
  name=${log%/*}
  tail -n 3 "$log" | cut -d ' ' -f 4- | cut -c 1-300 | sed "s/^/${name##*/}: /"
done
"""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """`<cp>/kubeadm`: etcd, API server, controller manager and scheduler run on the machine."""

    ctx: Context
    access: Access
    of: Machine
    others: tuple[Machine, ...]
    layer: str = "control planes"
    title: str = "start the control plane"

    @property
    def key(self) -> str:
        return f"{self.of.name}/kubeadm"

    @property
    def machine(self) -> str:
        return self.of.name

    @property
    def needs(self) -> tuple[str, ...]:
        # Whether to start a cluster or to join one is asked of all of them.
        return tuple(f"{machine.name}/config" for machine in (self.of, *self.others))

    async def drift(self) -> list[str]:
        """See `Step`."""
        transport = self.ctx.connect(self.of.name)
        if not await _exists(transport, _JOINED):
            return ["kubeadm has not finished"]
        wrong = await self.access.api.ready(str(self.of.address))
        return [f"its API server is not ready: {wrong}"] if wrong else []

    async def apply(self) -> None:
        """See `Step`."""
        transport = self.ctx.connect(self.of.name)
        if not await _exists(transport, _JOINED):
            entry = await decide(self.of, self.others, self.ctx.connect, self.access.etcd)
            await _place_certificate(transport, self.access, self.of)
            if entry is Entry.JOIN:
                await self.access.api.delete(f"/api/v1/nodes/{self.of.name}")
                await _kubeadm(transport, _JOIN)
            else:
                config = ["--config", f"{DIRECTORY}/init.yaml", "--skip-phases", _SKIP_INIT]
                await _kubeadm(transport, ["init", *config])
            await transport.put(_JOINED, b"")
        await _settle(
            transport, lambda: self.access.api.ready(str(self.of.address)), "the API is ready"
        )


@dataclass(frozen=True, slots=True)
class Worker:
    """`<w>/kubeadm`: the machine's kubelet belongs to the cluster."""

    ctx: Context
    access: Access
    of: Machine
    layer: str = "workers"
    title: str = "join the cluster"

    @property
    def key(self) -> str:
        return f"{self.of.name}/kubeadm"

    @property
    def machine(self) -> str:
        return self.of.name

    @property
    def needs(self) -> tuple[str, ...]:
        # A kubelet without the shared volume does not start.
        shared = (f"{self.of.name}/shared",) if self.ctx.stack.storage else ()
        return (f"{self.of.name}/config", "kube/api", *shared)

    async def drift(self) -> list[str]:
        """See `Step`."""
        wrong = await self._kubelet()
        return [wrong] if wrong else []

    async def apply(self) -> None:
        """See `Step`."""
        transport = self.ctx.connect(self.of.name)
        if not await _exists(transport, _JOINED):
            await _place_certificate(transport, self.access, self.of)
            # A node of that name from before the machine was made anew.
            await self.access.api.delete(f"/api/v1/nodes/{self.of.name}")
            await _kubeadm(transport, _JOIN)
            await transport.put(_JOINED, b"")
        await _settle(transport, self._kubelet, "the kubelet is healthy")

    async def _kubelet(self) -> str:
        """Empty if the kubelet has joined and is healthy; one command, as `plan` asks often."""
        look = await self.ctx.connect(self.of.name).run(["sh", "-c", _KUBELET], check=False)
        return look.text


_KUBELET = (
    f"[ -e {_JOINED} ] || exec echo kubeadm has not finished; "
    "curl -fsS -m 2 -o /dev/null http://127.0.0.1:10248/healthz 2>&1 || true"
)


async def _exists(transport: Transport, path: str) -> bool:
    return (await transport.run(["test", "-e", path], check=False)).returncode == 0


async def _place_certificate(transport: Transport, access: Access, machine: Machine) -> None:
    """Give the kubelet its first certificate, so that it need not wait for one to be signed."""
    first = KUBELET_CERTIFICATE.replace("current", "first")
    await transport.put(first, access.node_identity(machine), mode=0o600)
    await transport.run(["ln", "-sfn", first, KUBELET_CERTIFICATE])


async def _kubeadm(transport: Transport, arguments: Sequence[str]) -> None:
    """Run kubeadm; its failure carries what the kubelet and the static pods said."""
    try:
        await transport.run(["kubeadm", *arguments], timeout=_SECONDS)
    except CommandFailed as error:
        raise await _explained(transport, error.message) from error


async def _settle(transport: Transport, observe: Callable[[], Awaitable[str]], what: str) -> None:
    """Wait until a node that is a member already serves again, starting what is stopped."""
    if not await observe():
        return
    await transport.run(["systemctl", "start", "containerd", "kubelet"])
    try:
        await until(observe, f"{transport.machine}: {what}", seconds=_SETTLE)
    except AshoreError as error:
        raise await _explained(transport, error.message) from error


async def _explained(transport: Transport, message: str) -> AshoreError:
    logs = await transport.run(["sh", "-c", _LOGS], check=False)
    return AshoreError(
        f"{message}\n{logs.text}",
        f"`ashore exec {transport.machine} -- journalctl -u kubelet` shows more",
    )
