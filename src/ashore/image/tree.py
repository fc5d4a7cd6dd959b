"""What goes onto a golden disk: a distribution with a kernel, one directory a volume.

The same packages as in the root file system of containers, so that a component
finds the same on every driver, and beside them kernel, LVM and what boots them.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Output
from ashore.host.run import CommandFailed, run
from ashore.image import rootfs
from ashore.image.distributions import Distribution
from ashore.image.identity import epoch
from ashore.supply.cache import digest, making
from ashore.supply.machine import architecture

_HOOKS = {"essential": ["disk-early.sh"], "customize": ["customize.sh", "disk.sh"]}
_STEP = "image/tree"

UKI = "uki.efi"
"""Kernel, initial file system and command line as one EFI program, beside the volumes."""


def planned(row: Distribution, volumes: Iterable[str], cache: Path) -> Path:
    """Where the tree is or will be: a directory for each volume, and the UKI. No I/O."""
    recipe = {
        "suite": row.suite,
        "architecture": architecture(),
        "packages": row.packages(rootfs.packages(), architecture()),
        "excluded": rootfs.EXCLUDED,
        "scripts": [rootfs.data(name) for names in _HOOKS.values() for name in names],
        "cloud-init": rootfs.data("cloud.cfg"),
        "volumes": sorted(volumes),
        "epoch": epoch(),
    }
    return cache / "tree" / digest(recipe)


async def obtain(row: Distribution, volumes: Iterable[str], cache: Path, emit: Emit) -> Path:
    """The tree from the cache, made by mmdebstrap if it is not there.

    Raises:
        AshoreError: mmdebstrap failed, or the distribution's archive does not answer.
    """
    names = tuple(volumes)
    tree = planned(row, names, cache)
    if tree.is_dir():
        return tree
    async with making(tree, _STEP, emit) as scratch:
        if scratch is not None:
            await reachable(row)
            emit(Output(_STEP, f"installing {row.title} with a kernel"))
            started = time.monotonic()
            await _fill(row, names, scratch)
            emit(Output(_STEP, f"{row.title}: {time.monotonic() - started:.0f} s"))
    return tree


def sources(row: Distribution) -> tuple[str, ...]:
    """Lines of apt sources: the mirrors that this host uses for Debian, else its own archive."""
    debian = row.name.startswith("debian/")
    own = row.sources(architecture())
    return (rootfs.host_mirrors(row.suite) if debian else ()) or own


async def reachable(row: Distribution) -> None:
    """Ask the archive for the suite, with apt's own means of fetching.

    Raises:
        AshoreError: it does not answer (exit code HOST).
    """
    uri, suite = sources(row)[0].split()[1:3]
    release = f"{uri.rstrip('/')}/dists/{suite}/InRelease"
    argv = ["/usr/lib/apt/apt-helper", "-o", "Acquire::Retries=0"]
    argv += ["-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10"]
    with TemporaryDirectory(prefix="ashore-archive-") as place:
        try:
            await run([*argv, "download-file", release, f"{place}/InRelease"], timeout=25)
        except CommandFailed as error:
            raise AshoreError(
                f"the archive of {row.title} does not answer: {release}\n{error.message}",
                "look at the network, or build the image of another distribution (--os)",
                ExitCode.HOST,
            ) from error


async def _fill(row: Distribution, volumes: tuple[str, ...], scratch: Path) -> None:
    root = scratch / "root"
    root.mkdir()
    await rootfs.bootstrap(
        root,
        row.suite,
        row.packages(rootfs.packages(), architecture()),
        _HOOKS,
        sources(row),
        [f"--keyring={row.keyring}"],
        {"SOURCE_DATE_EPOCH": str(epoch())},
    )
    # Read times later than the epoch become the epoch on the disk, earlier ones stay:
    # all of them become later. Not in a hook, when /proc and /sys are still mounted.
    await run(["find", str(root), "-exec", "touch", "-h", "-a", "{}", "+"], timeout=300)
    # The mirrors of this host are nothing to whoever runs the disk.
    (root / "etc/apt/sources.list").write_text("\n".join(row.sources(architecture())) + "\n")
    (root / "boot" / UKI).rename(scratch / UKI)
    for name in volumes:
        if name != "root":
            place = root / name
            mode = place.stat().st_mode & 0o7777
            place.rename(scratch / name)
            place.mkdir()
            place.chmod(mode)
