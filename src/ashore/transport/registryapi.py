"""The stack's registry, asked and filled from this computer by the distribution protocol."""

import json
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from ashore.transport.https import Client, RequestFailed

if TYPE_CHECKING:
    import httpx2

_CONNECT = 5.0
_ANSWER = 120.0
"""Seconds for one answer: a layer is hashed once more when its last byte is there."""

_NO_SPACE = (b"no space left", b'"Err":28')
"""How the registry says that its disk is full, in words or by the number of the error."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a registry is, and who asks.

    Attributes:
        name: that its certificate carries.
        login: base64 of `account:password`.
    """

    address: str
    port: int
    name: str
    login: str = field(repr=False)


class RegistryApi:
    """An async context manager; its calls raise RequestFailed when they do not succeed.

    Attributes:
        unfinished: (repository, identifier) of uploads that failed. The registry
            lets nobody but who knows how much arrived take one back, and keeps it.
    """

    def __init__(self, place: Place, client: Client) -> None:
        self.unfinished: set[tuple[str, str]] = set()
        self._place = place
        self._asking = client

    async def __aenter__(self) -> "RegistryApi":
        # Imported here: it costs 0.4 s, which only a push may cost.
        import httpx2

        place = self._place
        self._client = httpx2.AsyncClient(
            base_url=f"https://{place.address}:{place.port}",
            headers={"Host": place.name, "Authorization": f"Basic {place.login}"},
            timeout=httpx2.Timeout(_ANSWER, connect=_CONNECT),
            # No proxy of this computer's user leads into the stack.
            trust_env=False,
            transport=httpx2.AsyncHTTPTransport(
                verify=self._asking.context or True, local_address=self._asking.source
            ),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def has(self, repository: str, digest: str) -> bool:
        """Whether a blob is there already."""
        answer = await self._ask("HEAD", f"/v2/{repository}/blobs/{digest}", 200, 404)
        return answer.status_code == 200

    async def upload(
        self,
        repository: str,
        digest: str,
        size: int,
        pieces: Iterator[bytes],
        sent: Callable[[int], None],
    ) -> None:
        """Send one blob.

        Args:
            sent: told the bytes of each piece that is on its way.
        """
        begun = await self._ask("POST", f"/v2/{repository}/blobs/uploads/", 202)
        place = urlsplit(begun.headers["location"])
        upload = (repository, place.path.rpartition("/")[2])
        self.unfinished.add(upload)

        async def body() -> AsyncGenerator[bytes]:
            for piece in pieces:
                yield piece
                sent(len(piece))

        query = f"{place.query}&{urlencode({'digest': digest})}".lstrip("&")
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        await self._ask("PUT", f"{place.path}?{query}", 201, content=body(), headers=headers)
        self.unfinished.remove(upload)

    async def put_manifest(self, repository: str, tag: str, media_type: str, body: bytes) -> None:
        """Name an image whose blobs are all there: from now on it can be pulled."""
        path, headers = f"/v2/{repository}/manifests/{tag}", {"Content-Type": media_type}
        await self._ask("PUT", path, 201, content=body, headers=headers)

    async def _ask(self, method: str, path: str, *expected: int, **more: Any) -> "httpx2.Response":
        import httpx2

        what = f"{self._place.name}: {method} {path.partition('?')[0]}"
        extensions = {"sni_hostname": self._place.name}
        try:
            answer = await self._client.request(method, path, extensions=extensions, **more)
        except (httpx2.HTTPError, OSError) as error:
            raise RequestFailed(f"{what}: {error or type(error).__name__}", 0) from error
        if answer.status_code in expected:
            return answer
        raise refused(what, answer.status_code, answer.content)


def refused(what: str, status: int, body: bytes) -> RequestFailed:
    """What a status of the registry means."""
    if status == 507 or any(sign in body for sign in _NO_SPACE):
        return RequestFailed(f"{what}: the registry's disk is full", 507)
    if status == 401:
        return RequestFailed(f"{what}: the registry does not know this account", status)
    return RequestFailed(f"{what}: {status}: {_message(body)}", status)


def _message(body: bytes) -> str:
    """What the registry says itself, else the beginning of the body."""
    try:
        return str(json.loads(body)["errors"][0]["message"])
    except (ValueError, KeyError, TypeError, IndexError):
        return body.decode(errors="replace").strip()[:200]
