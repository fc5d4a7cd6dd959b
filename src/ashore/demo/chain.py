"""Every link from the image to the page, opened now: what answered, and how long it took."""

import json
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from ashore.demo import docker, look
from ashore.demo.render import APP, DATABASE, NAMESPACE, TITLE, databases
from ashore.demo.site import Site
from ashore.errors import AshoreError
from ashore.transport.https import Reply

_AGAIN = "`ashore demo up` makes it again"
_PODS = f"`ashore kubectl -- -n {NAMESPACE} describe pods` tells why"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain.

    Attributes:
        said: what answered, or what is wrong and where.
        mend: what to do if it is broken.
    """

    name: str
    good: bool
    said: str
    mend: str
    seconds: float = 0.0


class Broken(AshoreError):
    """A link that does not hold: what is wrong, and how to mend it."""


async def opened(site: Site) -> list[Link]:
    """Open the links one after the other, so that their times are their own."""
    seen = _Seen(site)
    links: tuple[tuple[str, Callable[[], Awaitable[str]], str], ...] = (
        ("build", seen.build, _AGAIN),
        ("push", seen.push, _AGAIN),
        ("pull", seen.pull, _PODS),
        ("volume", seen.volume, "`ashore status` tells how the shared volume is"),
        ("database", seen.database, _PODS),
        ("service", seen.service, "`ashore status` tells how MetalLB is"),
        ("name", seen.name, "`ashore status` tells how the gateway is"),
        ("page", seen.page, _PODS),
    )
    return [await _open(name, work, mend) for name, work, mend in links]


async def _open(name: str, work: Callable[[], Awaitable[str]], mend: str) -> Link:
    began = time.monotonic()
    try:
        link = Link(name, True, await work(), mend)
    except AshoreError as error:
        said = " ".join(error.message.split())
        link = Link(name, False, said, error.hint or mend)
    return replace(link, seconds=time.monotonic() - began)


class _Seen:
    """What opening one link tells of the next."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._image = site.names.image
        self._digest = ""

    async def build(self) -> str:
        engine = await docker.engine(self._site.connect, self._site.stack)
        built = await engine.built(self._image)
        if not built:
            raise Broken(f"Docker on {engine.worker} has no {self._image}")
        self._digest = await engine.digest(self._image)
        return f"{_short(built)} in Docker on {engine.worker}"

    async def push(self) -> str:
        engine = await docker.engine(self._site.connect, self._site.stack)
        if wrong := await engine.pushed(self._image):
            raise Broken(f"{self._site.names.registry} has not the image: {wrong}")
        return f"{self._image} in the registry"

    async def pull(self) -> str:
        found = await look.pods(self._site.api)
        wanted = databases(self._site.stack)
        missing = [f"{p.name} on {p.node or 'no machine'}: {p.waits}" for p in found if not p.image]
        if missing or len(found) <= wanted:
            raise Broken("; ".join(missing) or f"{len(found)} pods are there")
        others = {p.image.rpartition("@")[2] for p in found} - {self._digest}
        if self._digest and others:
            raise Broken(f"pods run {_short(others.pop())}, the image is {_short(self._digest)}")
        nodes = ", ".join(sorted({p.node for p in found}))
        digest = found[0].image.rpartition("@")[2]
        return f"{len(found)} pods on {nodes} run {_short(digest)}"

    async def volume(self) -> str:
        name, content = f"status-{secrets.token_hex(4)}.txt", secrets.token_hex(512).encode()
        path = f"/uploads/{name}"
        _expect(await self._ask("PUT", path, content), 201)
        read = await self._ask("GET", path)
        _expect(await self._ask("DELETE", path), 200)
        _expect(read, 200)
        if read.body != content:
            raise Broken(f"{len(content)} bytes were written, others were read")
        kind = "shared" if self._site.stack.storage else "local"
        return f"class {kind}: {len(content)} bytes written and read"

    async def database(self) -> str:
        token = secrets.token_hex(16)
        wish = {"author": f"status {token[:8]}", "text": "ashore demo status", "token": token}
        number = _expect(await self._ask("POST", "/entries", wish), 201)["id"]
        query = f"/entries?limit=1&author=status+{token[:8]}"
        found = _expect(await self._ask("GET", query), 200)["entries"]
        _expect(await self._ask("DELETE", f"/entries?token={token}"), 200)
        if [entry["id"] for entry in found] != [number]:
            raise Broken(f"entry {number} was acknowledged and is not there")
        if missing := await look.leader(self._site.api):
            raise Broken(missing)
        pods = await look.pods(self._site.api, DATABASE)
        leads = next(p for p in pods if p.role == "primary")
        follow = ", ".join(p.name for p in pods if p.role == "replica" and p.ready)
        return f"{leads.name} on {leads.node} leads, {follow} follows; an entry written and read"

    async def service(self) -> str:
        address = await self._address()
        _expect(await self._site.ask(address, "GET", "/healthz"), 200)
        return f"{APP} has {address}"

    async def name(self) -> str:
        if missing := await look.unnamed(self._site):
            raise Broken(missing)
        return f"the gateway answers {self._site.names.host}"

    async def page(self) -> str:
        if missing := await look.no_page(self._site):
            raise Broken(missing)
        return f"http://{self._site.names.host}/ answers 200 with {TITLE[7:-8]}"

    async def _ask(self, method: str, path: str, body: bytes | dict[str, str] = b"") -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self._site.ask(await self._address(), method, path, content)

    async def _address(self) -> str:
        address = await look.address(self._site.api)
        if not address:
            raise Broken(f"service {APP} has no address", "`ashore status` tells how MetalLB is")
        return address


def _expect(reply: Reply, status: int) -> Any:
    """The body of a reply with that status; JSON, where it is."""
    if reply.status != status:
        raise Broken(f"the guestbook answers {reply.status}: {reply.message()[:200]}")
    return reply.json() if reply.body.startswith(b"{") else reply.body


def _short(digest: str) -> str:
    """As Docker shows it."""
    return digest.removeprefix("sha256:")[:12]
