"""Keys of the cluster, made once on this computer, and the clients that use them."""

import base64
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from ashore.components.kubeadm.etcd import Etcd
from ashore.components.templates import render
from ashore.model.types import Machine, Role, Stack
from ashore.pki.authority import Pair, issue, make_ca, make_key_pair
from ashore.plan.step import Secrets
from ashore.transport.https import Client, client
from ashore.transport.kubeapi import KubeApi

_PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----"

_ADMINISTRATOR = "administrator.pem"


class Access:
    """What this computer needs to make a cluster and to ask it.

    Args:
        files: a directory for the identity file that TLS wants to read by its path.
    """

    def __init__(self, stack: Stack, secrets: Secrets, files: Path) -> None:
        self._stack = stack
        self._secrets = secrets
        self._files = files

    def pki(self, machine: Machine) -> dict[str, bytes]:
        """Path below /etc/kubernetes/pki -> content, for a machine.

        Every control plane gets the authorities themselves, so that each can
        start without asking another; a worker gets the certificate to trust.
        Every kubelet serves with a certificate that the others can verify.
        """
        kubelet = self._kubelet(machine)
        node = {"ca.crt": self._ca.cert, "kubelet.crt": kubelet.cert, "kubelet.key": kubelet.key}
        if machine.role is not Role.CONTROLPLANE:
            return node
        front = self._authority("front-proxy-ca")
        signer, signer_public = self._service_accounts()
        return {
            **node,
            "ca.key": self._ca.key,
            "front-proxy-ca.crt": front.cert,
            "front-proxy-ca.key": front.key,
            "etcd/ca.crt": self._etcd_ca.cert,
            "etcd/ca.key": self._etcd_ca.key,
            "sa.key": signer,
            "sa.pub": signer_public,
        }

    def node_identity(self, machine: Machine) -> bytes:
        """A first certificate and key for a node's kubelet (PEM).

        It is issued with nine tenths of its life behind it, so that the
        kubelet at once, but without waiting, asks the cluster for one with a
        key that never leaves the node.
        """
        name = f"system:node:{machine.name}"
        return issue(
            self._ca, name, organisation="system:nodes", client=True, days=10, elapsed=90
        ).bundle()

    def member(self, group: str, machine: Machine) -> bytes:
        """Certificate and key (PEM) of a machine that may do what its group is bound to."""
        return self._pair(
            f"kube/{group.replace(':', '-')}-{machine.name}",
            lambda: issue(self._ca, f"{group}:{machine.name}", organisation=group, client=True),
        ).bundle()

    def server(self, name: str, dns: Sequence[str]) -> Pair:
        """Certificate and key of a server that the cluster's API calls by one of these names."""
        return self._pair(f"kube/{name}", lambda: issue(self._ca, name, dns=dns, server=True))

    def kubeconfig(self) -> str:
        """For users: the API through the floating IP, as a cluster administrator."""
        user = self._administrator
        return render(
            __package__,
            "kubeconfig.user",
            stack=self._stack.name,
            server=f"https://{self._stack.network.floating}:6443",
            authority=_base64(self._ca.cert),
            certificate=_base64(user.cert),
            key=_base64(user.key),
        )

    @property
    def authority(self) -> bytes:
        """The cluster CA's certificate (PEM)."""
        return self._ca.cert

    @property
    def identity(self) -> Path:
        """A file with the administrator's certificate and key; there once `api` was used."""
        return self._files / _ADMINISTRATOR

    @cached_property
    def api(self) -> KubeApi:
        """The API as a cluster administrator, on any control plane."""
        planes = self._stack.of_role(Role.CONTROLPLANE)
        asking = self._client(self._ca, _ADMINISTRATOR, self._administrator)
        return KubeApi([str(m.address) for m in planes], self._stack.api_name, asking)

    @cached_property
    def etcd(self) -> Etcd:
        """The etcd cluster, as a client of its own authority."""
        identity = self._pair(
            "kube/etcd-client", lambda: issue(self._etcd_ca, "ashore", client=True)
        )
        return Etcd(self._client(self._etcd_ca, "etcd-client.pem", identity))

    @cached_property
    def _ca(self) -> Pair:
        return self._authority("kubernetes")

    @cached_property
    def _etcd_ca(self) -> Pair:
        return self._authority("etcd-ca")

    @cached_property
    def _administrator(self) -> Pair:
        # The group of kubeadm's own admin.conf: its rights hang on a binding and
        # can be taken away, which those of system:masters cannot.
        return self._pair(
            "kube/administrator",
            lambda: issue(self._ca, "ashore", organisation="kubeadm:cluster-admins", client=True),
        )

    def _kubelet(self, machine: Machine) -> Pair:
        names = (machine.name, self._stack.fqdn(machine))
        return self._pair(
            f"kube/kubelet-{machine.name}",
            lambda: issue(
                self._ca,
                f"system:node:{machine.name}",
                organisation="system:nodes",
                dns=names,
                ip=[machine.address],
                server=True,
            ),
        )

    def _authority(self, name: str) -> Pair:
        return self._pair(f"kube/{name}", lambda: make_ca(name))

    def _pair(self, secret: str, make: Callable[[], Pair]) -> Pair:
        return Pair.of_bundle(self._secrets.keep(secret, lambda: make().bundle()))

    def _service_accounts(self) -> tuple[bytes, bytes]:
        made = self._secrets.keep("kube/service-accounts", lambda: b"".join(make_key_pair()))
        private, mark, public = made.partition(_PUBLIC_KEY)
        return private, mark + public

    def _client(self, ca: Pair, file: str, identity: Pair) -> Client:
        path = self._files / file
        if not path.exists() or path.read_bytes() != identity.bundle():
            path.touch(mode=0o600)
            path.write_bytes(identity.bundle())
        return client(ca.cert, str(path), str(self._stack.network.host))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
