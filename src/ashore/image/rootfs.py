"""The golden root file system: a distribution's packages, laid out by mmdebstrap."""

from collections.abc import Iterable, Mapping
from importlib.resources import as_file, files
from pathlib import Path

from ashore.events import Emit, Output
from ashore.host.run import run
from ashore.image import aptsources
from ashore.image.aptsources import Source
from ashore.supply.cache import digest, making
from ashore.supply.machine import architecture, tied

SUITE = "trixie"

# 33 s on two idle cores with a near mirror; a slow line needs far longer for 150 MB.
_SECONDS = 1800.0

EXCLUDED = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/man/*",
)


def packages() -> tuple[str, ...]:
    """The packages of the image, from its data file."""
    lines = data("trixie.packages").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def wanted() -> str:
    """The digest of the root file system that this program makes."""
    return digest(
        {
            "suite": SUITE,
            "architecture": architecture(),
            "packages": packages(),
            "excluded": EXCLUDED,
            "customize": data("customize.sh"),
            "cloud-init": data("cloud.cfg"),
        }
    )


def planned(cache: Path) -> Path:
    """Where the root file system is or will be. No I/O."""
    return cache / "rootfs" / wanted()


def host_packages() -> tuple[str, ...]:
    """Distribution packages of the host that building needs."""
    return ("mmdebstrap", "debian-archive-keyring")


async def obtain(cache: Path, emit: Emit) -> Path:
    """The root file system from the cache, made by mmdebstrap if it is not there.

    Raises:
        CommandFailed: mmdebstrap failed; its last lines are in the message.
    """
    root = planned(cache)
    if not root.is_dir():
        async with making(root, "image/rootfs", emit) as scratch:
            if scratch is not None:
                await _bootstrap(scratch, emit)
    return root


async def _bootstrap(target: Path, emit: Emit) -> None:
    emit(Output("image/rootfs", f"installing Debian {SUITE}"))
    await bootstrap(target, SUITE, packages(), {"customize": ["customize.sh"]}, host_mirrors())


async def bootstrap(
    target: Path,
    suite: str,
    names: Iterable[str],
    hooks: Mapping[str, Iterable[str]],
    sources: Iterable[str],
    options: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
) -> None:
    """Lay packages out in an empty directory.

    Args:
        hooks: moment (`essential`, `customize`) -> scripts of our data that run then.
        sources: lines of apt sources; mmdebstrap's own without any.
        options: further ones of mmdebstrap.

    Raises:
        CommandFailed: mmdebstrap failed; its last lines are in the message.
    """
    with as_file(files("ashore.image") / "data") as folder:
        argv = tied(["nice", "-n", "5", "mmdebstrap"])
        argv += ["--quiet", "--variant=minbase", "--format=directory"]
        argv += ["--aptopt=Apt::Install-Recommends false"]
        argv += [f"--dpkgopt={line}" for line in EXCLUDED]
        argv += [f"--include={','.join(names)}"]
        for moment, scripts in hooks.items():
            argv += [f'--{moment}-hook=sh {folder / script} "$1"' for script in scripts]
        argv += [*options, suite, str(target), *sources]
        await run(argv, timeout=_SECONDS, env=env)


def mirrors(sources: Iterable[str], suite: str = SUITE) -> tuple[str, ...]:
    """Lines of apt sources for the image, from the mirrors that this host uses for Debian.

    Empty where it uses none: mmdebstrap then takes its own default.

    Args:
        sources: the texts of sources.list and *.list, *.sources files.
    """
    offered = [s for s in aptsources.read(sources) if s.uri.startswith(("http://", "https://"))]
    main = next((s.uri for s in offered if _is_debian(s, offered)), None)
    if main is None:
        return ()
    lines = [f"deb {main} {suite} main", f"deb {main} {suite}-updates main"]
    security = next((s.uri for s in offered if _is_security(s)), None)
    return (*lines, *([f"deb {security} {suite}-security main"] if security else []))


def host_mirrors(suite: str = SUITE) -> tuple[str, ...]:
    """`mirrors` of this host's own apt sources."""
    return mirrors(aptsources.installed(), suite)


def _is_debian(source: Source, offered: Iterable[Source]) -> bool:
    """Whether it is Debian's own archive or a mirror of it.

    Many a vendor's repository ends in /debian, too, and some have a suite of Debian's
    name with a component main: none of them has the suite of updates beside it.
    """
    updates = (source.place, f"{source.suite}-updates")
    return (
        source.place.endswith("/debian")
        and "main" in source.components
        and any((s.place, s.suite) == updates and "main" in s.components for s in offered)
    )


def _is_security(source: Source) -> bool:
    # Until Debian 10 the suite was called buster/updates.
    named = source.suite.endswith(("-security", "/updates"))
    return "debian-security" in source.uri and named and "main" in source.components


def data(name: str) -> str:
    """The text of a data file of this package."""
    return (files("ashore.image") / "data" / name).read_text()
