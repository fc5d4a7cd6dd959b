"""Where the programs and container images come from, behind one interface."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from ashore.events import Emit
from ashore.supply import cache as _cache
from ashore.supply.builds import builds
from ashore.supply.images import RECIPES
from ashore.supply.machine import architecture
from ashore.supply.versions import Versions

# Raised when a change of this package changes what is in an entry.
_REVISION = 2


@dataclass(frozen=True, slots=True)
class Programs:
    """Every program of a release on this host's disk.

    Attributes:
        digest: of the recipe; the same whichever source was used.
        place: the entry in the cache, which may not be there yet.
    """

    digest: str
    place: Path

    @property
    def tree(self) -> Path:
        """Laid out as a layer of a root file system (usr/bin, opt/cni/bin)."""
        return self.place / "tree"

    @property
    def images(self) -> tuple[Path, ...]:
        """OCI-layout tars, ready to import."""
        return tuple(sorted((self.place / "images").glob("*.tar")))

    @property
    def bare(self) -> Path | None:
        """A directory of programs whose images are still to be made, or None.

        Those images need network tools too, which come from the distribution
        (`supply.images`).
        """
        place = self.place / "bare"
        return place if place.is_dir() else None


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that the cache is going to take.

    Attributes:
        least: without which it cannot be. most: with which it can, whatever is not known yet.
    """

    least: int
    most: int

    def plus(self, size: int) -> "Room":
        """With some bytes more."""
        return Room(self.least + size, self.most + size)


class Supply(Protocol):
    """One source of programs."""

    name: str

    def host_packages(self) -> tuple[str, ...]:
        """Distribution packages without which `fill` cannot work on this host."""
        ...

    def room(self, cache: Path) -> Room:
        """What `fill` takes, with its own caches. A few stat calls."""
        ...

    async def answers(self) -> bool:
        """Whether the source can be reached from this host. At most four seconds."""
        ...

    async def fill(self, versions: Versions, place: Path, cache: Path, emit: Emit) -> None:
        """Make or fetch everything into the empty directory `place`, laid out as `Programs`.

        Raises:
            AshoreError: a source does not answer, a checksum is wrong, a build fails.
        """
        ...


def planned(versions: Versions, cache: Path) -> Programs:
    """The programs as they are or will be in the cache. No I/O."""
    name = _cache.digest(
        {
            "revision": _REVISION,
            "architecture": architecture(),
            "versions": asdict(versions),
            "builds": [asdict(row) for row in builds(versions)],
            "images": [asdict(row) for row in RECIPES],
        }
    )
    return Programs(name, cache / "programs" / name)
