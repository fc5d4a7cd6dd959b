"""Control groups of either version, by their files."""

import os
from dataclasses import dataclass
from pathlib import Path

from ashore.host import mounts

# Mount options that name no controller of a version 1 hierarchy.
_NOT_CONTROLLERS = {"rw", "ro", "xattr", "noprefix", "clone_children", "favordynmods", "nsdelegate"}


@dataclass(frozen=True, slots=True)
class Hierarchies:
    """Where control groups are mounted.

    Attributes:
        controllers: version 1 hierarchies by controller (`memory`), and
            `name=systemd`; several controllers may share a directory.
        unified: the version 2 hierarchy, or None.
    """

    controllers: dict[str, Path]
    unified: Path | None

    @property
    def legacy(self) -> bool:
        """Whether resources are controlled by version 1."""
        return "memory" in self.controllers

    def roots(self) -> list[Path]:
        """Every hierarchy once."""
        paths = dict.fromkeys(self.controllers.values())
        if self.unified:
            paths[self.unified] = None
        return list(paths)


def hierarchies() -> Hierarchies:
    """Ask the kernel which hierarchies there are."""
    controllers: dict[str, Path] = {}
    unified: Path | None = None
    for mount in mounts.mounts():
        if mount.fstype == "cgroup":
            for option in set(mount.options) - _NOT_CONTROLLERS:
                if "=" not in option or option.startswith("name="):
                    controllers.setdefault(option, Path(mount.target))
        elif mount.fstype == "cgroup2" and unified is None:
            unified = Path(mount.target)
    return Hierarchies(controllers, unified)


def processes(group: Path) -> list[int]:
    """The processes in a group and all groups below; empty if it is not there."""
    found: list[int] = []
    for directory, _, files in os.walk(group):
        if "cgroup.procs" in files:
            found += members(Path(directory))
    return found


def members(group: Path) -> list[int]:
    """The processes in this very group."""
    try:
        return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def remove(*groups: Path, below: bool = False) -> bool:
    """Remove groups without processes and all groups below them; True when they are gone.

    Args:
        below: remove only what is below.
    """
    gone = True
    for group in groups:
        for directory, _, _ in os.walk(group, topdown=False):
            if not (below and directory == str(group)):
                gone = _rmdir(directory) and gone
    return gone


def _rmdir(directory: str) -> bool:
    try:
        Path(directory).rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
