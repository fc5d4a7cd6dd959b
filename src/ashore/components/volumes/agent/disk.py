"""The shared file system on this machine: directories, their limits, and what is free.

Every look is a program with a deadline: a mount that hangs would otherwise
hold up the whole of this one.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_LOOK = 10.0  # s
_COMMAND = 60.0  # s
_REMOVE = 3600.0  # s, of a tree of any size
DF = ("df", "--block-size=1", "--output=size,used,avail,file")
_BUSY = "Another transaction"
_TRIES = 10
# What Gluster says of a directory without a limit, and of one that is not there.
_NO_LIMIT = ("No data available", "No such file or directory")


class DiskError(Exception):
    """A command on the shared file system failed; the message says which and why."""


@dataclass(frozen=True)
class Space:
    """A directory as `df` shows it, in bytes; `size` is the limit where there is one."""

    size: int
    used: int
    free: int


@dataclass(frozen=True)
class Disk:
    """The mount, and the Gluster volume behind it.

    Attributes:
        base: the directory on the mount that holds one for each volume.
    """

    mount: str
    volume: str
    base: str

    async def mounted(self) -> bool:
        """Whether the file system is mounted here and answers."""
        try:
            said = await _run(["df", "--output=target", self.mount], _LOOK)
        except DiskError:
            return False
        return said.split()[-1:] == [self.mount]

    async def spaces(self, paths: Iterable[str]) -> dict[str, Space]:
        """Path -> what `df` says; without those that are not there. Raises DiskError."""
        return parse(await _run([*DF, self.mount, *paths], _LOOK, ignore=True))

    async def make(self, path: str) -> None:
        """Make a volume's directory. Whoever the pod runs as may write: nobody else sees it."""
        await _run(["install", "-d", "-m", "0711", self.base], _LOOK)
        await _run(["install", "-d", "-m", "0777", path], _LOOK)

    async def limit(self, path: str, size: int) -> None:
        """Let the directory hold so many bytes at most."""
        await self._quota("limit-usage", self._inside(path), str(size))

    async def remove(self, path: str) -> None:
        """Remove a directory, whatever is in it, and its limit."""
        await _run(["rm", "-rf", "--one-file-system", path], _REMOVE)

    async def unlimit(self, path: str) -> None:
        """Take the limit away; no error if there is none."""
        try:
            await self._quota("remove", self._inside(path))
        except DiskError as error:
            if not any(gone in str(error) for gone in _NO_LIMIT):
                raise

    def _inside(self, path: str) -> str:
        return path.removeprefix(self.mount)

    async def _quota(self, *arguments: str) -> None:
        """Gluster lets one command at a time change a volume, and refuses others."""
        argv = ["gluster", "--mode=script", "volume", "quota", self.volume, *arguments]
        for left in reversed(range(_TRIES)):
            try:
                await _run(argv, _COMMAND)
            except DiskError as error:
                if _BUSY not in str(error) or not left:
                    raise
                await asyncio.sleep(0.5)
            else:
                return


def parse(text: str) -> dict[str, Space]:
    """The output of df with the columns size, used, avail and file."""
    found: dict[str, Space] = {}
    for line in text.splitlines()[1:]:
        size, used, free, path = line.split(None, 3)
        if size.isdigit():
            found[path] = Space(int(size), int(used), int(free))
    return found


def unpromised(mount: Space, volumes: Mapping[str, int], spaces: Mapping[str, Space]) -> int:
    """Bytes that are neither used nor promised.

    Args:
        volumes: path -> size of each volume.
        spaces: as `Disk.spaces` gave them; a volume without counts as unused.
    """
    promised = 0
    for path, size in volumes.items():
        used = spaces[path].used if path in spaces else 0
        promised += max(size - used, 0)
    return mount.free - promised


async def _run(argv: Sequence[str], seconds: float, *, ignore: bool = False) -> str:
    """Run a program; its output. Raises DiskError, unless `ignore` and it only failed."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT if not ignore else asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(seconds):
            raw, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        raise DiskError(f"{' '.join(argv[:6])}: no end within {seconds:g} s") from None
    text = raw.decode(errors="replace")
    if process.returncode and not ignore:
        raise DiskError(f"{' '.join(argv[:6])}: {text.strip()[-300:] or process.returncode}")
    return text
