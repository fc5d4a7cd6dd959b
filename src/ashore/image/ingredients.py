"""What an image is built from on a stack without the internet: a small Debian, and packages.

Made on this computer by mmdebstrap, once for each list of packages, and carried
to a worker with the rest of the build context.
"""

from collections.abc import Sequence
from pathlib import Path

from ashore.events import Emit, Output
from ashore.host.run import run
from ashore.image import rootfs
from ashore.supply.cache import digest, making
from ashore.supply.machine import architecture, tied

ROOT = "debian.tar"
"""The root file system: what dpkg calls essential, and apt."""

PACKAGES = "packages"
"""A directory of package files, with all that they depend on."""

_REVISION = 1
_SECONDS = 1800.0  # as for the golden root: a slow line needs far longer than a near mirror

# Outside of the new root, so by this computer's own network and keys.
_FETCH = """\
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
apt-get --quiet --yes --download-only --no-install-recommends install {packages} >/dev/null
mkdir "{target}/packages"
mv "$1"/var/cache/apt/archives/*.deb "{target}/packages/"
rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/etc/apt/sources.list
"""


def planned(packages: Sequence[str], cache: Path) -> Path:
    """Where the ingredients are or will be. No I/O."""
    recipe = {
        "revision": _REVISION,
        "suite": rootfs.SUITE,
        "architecture": architecture(),
        "packages": list(packages),
        "fetch": _FETCH,
    }
    return cache / "ingredients" / digest(recipe)


async def obtain(packages: Sequence[str], cache: Path, step: str, emit: Emit) -> Path:
    """The ingredients from the cache, made by mmdebstrap if they are not there.

    Args:
        packages: names in the distribution.
        step: the key of the step that this is shown under.

    Raises:
        CommandFailed: mmdebstrap failed; its last lines are in the message.
    """
    place = planned(packages, cache)
    if not place.is_dir():
        async with making(place, step, emit) as scratch:
            if scratch is not None:
                emit(Output(step, f"fetching {len(packages)} packages and what they need"))
                await run(_command(packages, scratch), timeout=_SECONDS)
    return place


def _command(packages: Sequence[str], target: Path) -> list[str]:
    fetch = _FETCH.format(packages=" ".join(packages), target=target)
    argv = tied(["nice", "-n", "5", "mmdebstrap"])
    argv += ["--quiet", "--variant=apt", "--format=tar"]
    argv += ["--aptopt=Apt::Install-Recommends false"]
    argv += [f"--dpkgopt={line}" for line in rootfs.EXCLUDED]
    argv += [f"--customize-hook={fetch}"]
    return [*argv, rootfs.SUITE, str(target / ROOT), *rootfs.host_mirrors()]
