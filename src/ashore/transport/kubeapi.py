"""The Kubernetes API of a stack, asked from this computer."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ashore.transport.https import Client, Reply, RequestFailed, request

FIELD_MANAGER = "ashore"
_PORT = 6443
_PLURALS = {
    "APIService": "apiservices",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "ConfigMap": "configmaps",
    "CustomResourceDefinition": "customresourcedefinitions",
    "DaemonSet": "daemonsets",
    "Deployment": "deployments",
    "IPAddressPool": "ipaddresspools",
    "L2Advertisement": "l2advertisements",
    "Lease": "leases",
    "Namespace": "namespaces",
    "Node": "nodes",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Pod": "pods",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "Secret": "secrets",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
    "StatefulSet": "statefulsets",
    "StorageClass": "storageclasses",
}


class KubeApi:
    """Talks to whichever control plane answers, until it no longer does.

    Going to a control plane directly spares the wait for the load balancers
    and leaves `status` an answer when they are what is broken.

    Attributes:
        addresses: of the control planes.
        name: that every API server's certificate carries.
    """

    def __init__(self, addresses: Sequence[str], name: str, client: Client) -> None:
        self.addresses = tuple(addresses)
        self.name = name
        self._client = client
        self._answering: str | None = None
        self._look: asyncio.Task[str] | None = None

    async def ready(self, address: str, timeout: float = 2.0) -> str:
        """Empty if the API behind an address is ready, else what is wrong with it."""
        try:
            reply = await request(
                self._client, address, _PORT, "GET", "/readyz", server_name=self.name,
                timeout=timeout,
            )  # fmt: skip
        except RequestFailed as error:
            return error.message
        return "" if reply.status == 200 else f"{address}: /readyz says {reply.status}"

    async def answering(self) -> str:
        """The address of a control plane whose API is ready.

        Raises:
            RequestFailed: none is; names what each said.
        """
        if self._answering is None:
            # Several steps wait for the first API at once; one of them looks.
            if self._look is None or self._look.done():
                self._look = asyncio.create_task(self._first_ready())
                # If everybody who waited for it is cancelled, nobody asks how it ended.
                self._look.add_done_callback(lambda look: look.cancelled() or look.exception())
            answering = await asyncio.shield(self._look)
            self._answering = answering
            return answering
        return self._answering

    async def _first_ready(self) -> str:
        async def look(address: str) -> tuple[str, str]:
            return address, await self.ready(address)

        looks = [asyncio.create_task(look(address)) for address in self.addresses]
        wrong: list[str] = []
        try:
            for done in asyncio.as_completed(looks):
                address, said = await done
                if not said:
                    return address
                wrong.append(said)
        finally:
            for task in looks:
                task.cancel()
        raise RequestFailed("no control plane's API is ready: " + "; ".join(sorted(wrong)), 0)

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        timeout: float = 10.0,
    ) -> Reply:
        """One request; any status is returned. Raises RequestFailed for no answer."""
        address = await self.answering()
        try:
            return await request(
                self._client, address, _PORT, method, path,
                server_name=self.name,
                body=b"" if body is None else json.dumps(body).encode(),
                content_type=content_type,
                timeout=timeout,
            )  # fmt: skip
        except RequestFailed:
            self._answering = None
            raise

    async def get(self, path: str) -> Any:
        """An object or a list; None if it is not there.

        Raises:
            RequestFailed: no answer or another status than 200 and 404.
        """
        reply = await self.call("GET", path)
        if reply.status == 404:
            return None
        return _expect(reply, f"GET {path}", 200)

    async def apply(self, wanted: Mapping[str, Any]) -> None:
        """Create or update one object (server-side apply, taking over its fields).

        Raises:
            RequestFailed: refused, or no answer.
        """
        path = object_path(wanted)
        reply = await self.call(
            "PATCH",
            f"{path}?fieldManager={FIELD_MANAGER}&force=true",
            wanted,
            content_type="application/apply-patch+yaml",
        )
        _expect(reply, f"apply {path}", 200, 201)

    async def patch(self, path: str, change: Mapping[str, Any]) -> None:
        """Change some fields of an object (merge patch). Raises RequestFailed."""
        reply = await self.call("PATCH", path, change, content_type="application/merge-patch+json")
        _expect(reply, f"PATCH {path}", 200)

    async def delete(self, path: str) -> None:
        """Delete an object; no error if it is not there. Raises RequestFailed."""
        reply = await self.call("DELETE", path)
        if reply.status != 404:
            _expect(reply, f"DELETE {path}", 200, 202)


def object_path(wanted: Mapping[str, Any]) -> str:
    """The address of an object below the API server's root."""
    version, kind, meta = wanted["apiVersion"], wanted["kind"], wanted["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    return f"{root}{namespace}/{_PLURALS[kind]}/{meta['name']}"


def _expect(reply: Reply, what: str, *statuses: int) -> Any:
    if reply.status in statuses:
        return reply.json()
    raise RequestFailed(f"{what}: {reply.status}: {reply.message()}", reply.status)
