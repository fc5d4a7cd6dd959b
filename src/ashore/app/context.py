"""A directory of this computer on its way to a Docker that builds on a worker."""

import contextlib
import os
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ashore.errors import AshoreError, ExitCode

_BUILDS = (("build",), ("image", "build"))
_IGNORE = ".dockerignore"

_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_ONE = r"(?:\\.|[^\\\]\-])"
"""A character of a class; a backslash makes the next one an ordinary character."""
_CLASS = rf"\[\^?+(?:{_ONE}(?:-{_ONE})?)+\]"
_PIECES = re.compile(rf"\*\*/|\*\*|\*|\?|{_CLASS}|\\.|[^\\\[]", re.DOTALL)
"""What a pattern consists of. One that has anything else is refused, as Docker does."""


def sent(arguments: Sequence[str]) -> tuple[list[str], BinaryIO | None]:
    """The command as Docker gets it, and its context if it builds a directory of this computer.

    `build -t web .` becomes `build -t web -`, with a tar of the directory as
    standard input. A Dockerfile named by -f must be in the directory.

    Raises:
        AshoreError: the directory, the Dockerfile or the .dockerignore cannot be used.
    """
    command = list(arguments)
    last = command[-1] if command else ""
    builds = any(tuple(command[: len(head)]) == head for head in _BUILDS)
    asks = "--help" in command or len(command) < 2
    if not builds or asks or last == "-" or "://" in last or last.startswith("git@"):
        return command, None
    directory = Path(last)
    if not directory.is_dir():
        raise AshoreError(
            f"{last} is not a directory of this computer",
            "docker build's last argument is the directory that is built",
            ExitCode.USAGE,
        )
    command[-1] = "-"
    dockerfile = _dockerfile(command, directory)
    return command, pack(directory, always=(dockerfile, _IGNORE))


def _dockerfile(command: list[str], directory: Path) -> str:
    """The Dockerfile's path in the context; the command is made to name it so."""
    for index, word in enumerate(command):
        if word in ("-f", "--file") and index + 1 < len(command):
            command[index + 1] = _within(command[index + 1], directory)
            return command[index + 1]
        if word.startswith("--file="):
            found = _within(word.removeprefix("--file="), directory)
            command[index] = f"--file={found}"
            return found
    return "Dockerfile"


def _within(name: str, directory: Path) -> str:
    path = Path(name)
    try:
        inside = path.resolve().relative_to(directory.resolve())
    except ValueError:
        inside = None
    if inside is None or not path.is_file():
        raise AshoreError(f"{name} is no file in {directory}", "", ExitCode.USAGE)
    return inside.as_posix()


def pack(directory: Path, always: Sequence[str] = ()) -> BinaryIO:
    """A tar of the directory without what its .dockerignore names; owner root, as Docker does.

    It has no name on this computer's disk, so nothing of it stays.
    """
    ignore = directory / _IGNORE
    text = ignore.read_text(encoding="utf-8") if ignore.is_file() else ""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
    # Docker looks at the first 512 bytes alone to tell a tar from a Dockerfile: they must be
    # the header of a file itself, neither PAX's nor that of a long name.
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(directory, ".", recursive=False, filter=_owned_by_root)
        for name in _names(directory, Ignored(text), set(always)):
            tar.add(directory / name, name, recursive=False, filter=_owned_by_root)
    file.seek(0)
    return file


def _owned_by_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def _names(directory: Path, ignored: "Ignored", always: set[str]) -> Iterator[str]:
    for place, folders, files in os.walk(directory):
        base = Path(place).relative_to(directory)
        for each in sorted((*folders, *files)):
            name = (base / each).as_posix()
            if name in always or not ignored(name):
                yield name
        folders.sort()
        if not ignored.takes_back:
            folders[:] = [f for f in folders if not ignored((base / f).as_posix())]


class Ignored:
    """The patterns of a .dockerignore: the last one that fits a path decides.

    Attributes:
        takes_back: a pattern begins with `!`, so that ignored directories are looked into.
    """

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        used = [line for line in lines if line and not line.startswith("#")]
        self.takes_back = any(line.startswith("!") for line in used)
        self._rules = [(line.startswith("!"), _regex(line.lstrip("!").strip())) for line in used]

    def __call__(self, name: str) -> bool:
        """Whether a path, relative to the directory, stays here."""
        fitting = [keeps for keeps, rule in self._rules if rule.fullmatch(name)]
        return bool(fitting) and not fitting[-1]


def _regex(pattern: str) -> re.Pattern[str]:
    """A pattern by Docker's rules, those of Go's filepath.Match and `**`.

    It takes what is below a directory along.

    Raises:
        AshoreError: malformed; taken by guess, it could send what it was to keep here.
    """
    clean = posixpath.normpath(pattern).lstrip("/")
    pieces: list[str] = _PIECES.findall(clean)
    if "".join(pieces) == clean:
        with contextlib.suppress(re.error):  # a range that ends before it begins
            found = "".join(_WILD.get(piece) or _literal(piece) for piece in pieces)
            return re.compile(found + "(?:/.*)?", re.DOTALL)
    raise AshoreError(
        f"{_IGNORE}: {pattern} is malformed",
        r"[ begins a class of characters, as in *.py[cod]; \[ is the character itself",
        ExitCode.USAGE,
    )


def _literal(piece: str) -> str:
    """A character, an escaped one or a class, as a regular expression has it."""
    if len(piece) < 3:
        return re.escape(piece[-1])
    start = 2 if piece[1] == "^" else 1
    ones = re.sub(_ONE, lambda one: re.escape(one[0][-1]), piece[start:-1], flags=re.DOTALL)
    return f"{piece[:start]}{ones}]"
