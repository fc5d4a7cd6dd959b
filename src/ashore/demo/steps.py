"""From source to a page: each link of the chain is a step."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ashore.components.installed import Installed
from ashore.components.wait import until
from ashore.demo import look
from ashore.demo.docker import Engine
from ashore.demo.render import DEPLOYMENT, PACKAGES, STATEFUL_SET, context, manifest
from ashore.demo.site import Site
from ashore.errors import AshoreError
from ashore.events import Output
from ashore.image import ingredients
from ashore.plan.step import Step

_PODS = "`ashore kubectl -- -n demo describe pods` tells more"


def steps(site: Site, engine: Engine) -> list[Step]:
    """Everything that `ashore demo up` does, in its order."""
    api, host = site.api, site.names.host
    return [
        Ingredients(site, engine),
        Built(site, engine),
        Pushed(site, engine),
        Installed(
            api,
            manifest(site.stack, site.secrets),
            key="demo/objects",
            title="apply the objects",
            needs=("demo/push",),
            layer="demo",
        ),
        Awaited(
            "demo/database",
            "database has a leader and followers",
            ("demo/objects",),
            lambda: _database(site),
            seconds=240,
            hint=_PODS,
        ),
        Awaited(
            "demo/pods",
            "web pods are available",
            ("demo/objects",),
            lambda: look.rolled_out(api, DEPLOYMENT),
            seconds=240,
            hint=_PODS,
        ),
        Awaited(
            "demo/address",
            "service has an address",
            ("demo/objects",),
            lambda: look.no_address(api),
            seconds=60,
            hint="MetalLB gives addresses; `ashore status` tells how it is",
        ),
        Awaited(
            "demo/name",
            f"gateway knows {host}",
            ("demo/address",),
            lambda: look.unnamed(site),
            seconds=60,
            hint="`ashore status` tells how the gateway is",
        ),
        Awaited(
            "demo/page",
            "page is served by its name",
            ("demo/name", "demo/pods", "demo/database"),
            lambda: look.no_page(site),
            seconds=60,
            hint="`ashore demo status` opens every link of the chain",
        ),
    ]


async def _database(site: Site) -> str:
    return await look.rolled_out(site.api, STATEFUL_SET) or await look.leader(site.api)


@dataclass(frozen=True, slots=True)
class Ingredients:
    """`demo/ingredients`: a small Debian and packages, which only the build needs."""

    site: Site
    engine: Engine
    key: str = "demo/ingredients"
    title: str = "fetch what the image is built from"
    layer: str = "demo"
    machine: None = None
    needs: tuple[str, ...] = ()

    async def drift(self) -> list[str]:
        """See `Step`."""
        there = ingredients.planned(PACKAGES, self.site.cache).is_dir()
        if there or await self.engine.built(self.site.names.image):
            return []
        return ["they are not in the cache"]

    async def apply(self) -> None:
        """See `Step`."""
        await ingredients.obtain(PACKAGES, self.site.cache, self.key, self.site.emit)


@dataclass(frozen=True, slots=True)
class Built:
    """`demo/build`: a worker's Docker has the image."""

    site: Site
    engine: Engine
    key: str = "demo/build"
    title: str = "build the image"
    layer: str = "demo"
    needs: tuple[str, ...] = ("demo/ingredients",)

    @property
    def machine(self) -> str:
        return self.engine.worker

    async def drift(self) -> list[str]:
        """See `Step`."""
        image = self.site.names.image
        return [] if await self.engine.built(image) else [f"{image} is not built"]

    async def apply(self) -> None:
        """See `Step`."""
        archive = context(ingredients.planned(PACKAGES, self.site.cache))
        size = f"{len(archive) >> 20} MiB"
        self.site.emit(Output(self.key, f"{size} of sources and packages go to the worker"))
        await self.engine.build(self.site.names.image, archive)


@dataclass(frozen=True, slots=True)
class Pushed:
    """`demo/push`: the stack's registry has the image."""

    site: Site
    engine: Engine
    key: str = "demo/push"
    title: str = "push the image to the registry"
    layer: str = "demo"
    needs: tuple[str, ...] = ("demo/build",)

    @property
    def machine(self) -> str:
        return self.engine.worker

    async def drift(self) -> list[str]:
        """See `Step`."""
        wrong = await self.engine.pushed(self.site.names.image)
        return [f"not in the registry: {wrong}"] if wrong else []

    async def apply(self) -> None:
        """See `Step`."""
        await self.engine.push(self.site.names.image)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What comes about by itself once the steps before are done.

    Attributes:
        look: says in a phrase what is missing; empty for nothing.
        seconds: until giving up.
    """

    key: str
    title: str
    needs: tuple[str, ...]
    look: Callable[[], Awaitable[str]]
    seconds: float
    hint: str
    layer: str = "demo"
    machine: None = None

    async def drift(self) -> list[str]:
        """See `Step`."""
        missing = await self._missing()
        return [missing] if missing else []

    async def apply(self) -> None:
        """See `Step`."""
        await until(self._missing, self.title, seconds=self.seconds, hint=self.hint)

    async def _missing(self) -> str:
        try:
            return await self.look()
        except AshoreError as error:
            return error.message
