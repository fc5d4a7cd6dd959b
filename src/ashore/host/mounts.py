"""What is mounted on this computer, and taking it away."""

import re
from dataclasses import dataclass
from pathlib import Path

from ashore.host.run import run

_MOUNTINFO = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of mountinfo; `options` are those of the superblock."""

    target: str
    fstype: str
    source: str
    options: tuple[str, ...]


def parse(text: str) -> list[Mount]:
    """Read the format of proc_pid_mountinfo(5), in which blanks are octal escapes."""
    found: list[Mount] = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        target = _ESCAPE.sub(lambda m: chr(int(m[1], 8)), left.split()[4])
        fstype, source, *options = right.split()
        found.append(Mount(target, fstype, source, tuple(",".join(options).split(","))))
    return found


def mounts() -> list[Mount]:
    """Every mount that this process sees, in the order in which they were made."""
    return parse(_MOUNTINFO.read_text())


def below(directory: Path) -> list[str]:
    """Mount points at or below a directory, the innermost and latest first."""
    prefix = f"{directory}/"
    found = [
        m.target for m in mounts() if m.target == str(directory) or m.target.startswith(prefix)
    ]
    return found[::-1]


def holding(path: Path) -> Mount:
    """The mount that a path is or would be on."""
    parents = {str(p) for p in (path, *path.parents)}
    # A later mount on the same place hides the former.
    return max(
        enumerate(m for m in mounts() if m.target in parents),
        key=lambda found: (len(found[1].target), found[0]),
    )[1]


async def unmount(targets: list[str]) -> None:
    """Detach mounts at once, also busy ones; what still uses them keeps them until it ends."""
    if targets:
        await run(["umount", "--lazy", "--no-mtab", *targets])
