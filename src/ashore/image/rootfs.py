"""The golden root file system: a distribution's packages, laid out by mmdebstrap."""

import re
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path

from ashore.events import Emit, Output
from ashore.host.run import run
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
    lines = _data("trixie.packages").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def wanted() -> str:
    """The digest of the root file system that this program makes."""
    return digest(
        {
            "suite": SUITE,
            "architecture": architecture(),
            "packages": packages(),
            "excluded": EXCLUDED,
            "customize": _data("customize.sh"),
            "cloud-init": _data("cloud.cfg"),
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
    with as_file(files("ashore.image") / "data") as data:
        argv = tied(["nice", "-n", "5", "mmdebstrap"])
        argv += ["--quiet", "--variant=minbase", "--format=directory"]
        argv += ["--aptopt=Apt::Install-Recommends false"]
        argv += [f"--dpkgopt={line}" for line in EXCLUDED]
        argv += [f"--include={','.join(packages())}"]
        argv += [f'--customize-hook=sh {data / "customize.sh"} "$1"']
        argv += [SUITE, str(target), *host_mirrors()]
        await run(argv, timeout=_SECONDS)


def mirrors(sources: Iterable[str]) -> tuple[str, ...]:
    """Lines of apt sources for the image, from the mirrors that this host uses for Debian.

    Empty where it uses none: mmdebstrap then takes its own default.

    Args:
        sources: the texts of sources.list and *.list, *.sources files.
    """
    found = [uri for text in sources for uri in re.findall(r"https?://[^\s\]]+", _active(text))]
    main = next((u for u in found if u.rstrip("/").endswith("/debian")), None)
    if main is None:
        return ()
    lines = [f"deb {main} {SUITE} main", f"deb {main} {SUITE}-updates main"]
    security = next((u for u in found if "debian-security" in u), None)
    return (*lines, *([f"deb {security} {SUITE}-security main"] if security else []))


def host_mirrors() -> tuple[str, ...]:
    """`mirrors` of this host's own apt sources."""
    return mirrors(_apt_sources())


def _active(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _apt_sources() -> list[str]:
    folder = Path("/etc/apt")
    listed = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*"))]
    return [path.read_text(errors="replace") for path in listed if path.is_file()]


def _data(name: str) -> str:
    return (files("ashore.image") / "data" / name).read_text()
