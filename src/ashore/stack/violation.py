"""What is wrong with a stack file, each thing with its place, as one error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ashore.errors import AshoreError, ExitCode

Path = tuple[str | int, ...]
"""Keys from the top of the file down: ("machines", "worker", "count")."""

_LONGEST = 100  # columns of a line of the file that are printed back


@dataclass(frozen=True, slots=True)
class Violation:
    """Something wrong with the value at a path, before it is known where that stands.

    Attributes:
        message: continues the key: "is outside network.cidr".
        involves: other keys that took part. The place of the first of
            (path, *involves) that the file has is the one that is shown.
    """

    path: Path
    message: str
    involves: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line; `line` and `column` count from 1, `width` is at least 1."""

    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Located:
    """A violation where it stands; `place` is None if the whole file is meant."""

    key: str
    message: str
    place: Place | None = None


class InvalidStackFile(AshoreError):
    """Every violation of one file at once.

    Attributes:
        source: name of the file, as the user gave it.
        violations: in the order of the file.
    """

    def __init__(
        self, source: str, violations: Sequence[Located], text: str = "", hint: str = ""
    ) -> None:
        self.source = source
        self.violations = tuple(
            sorted(violations, key=lambda v: (v.place.line, v.place.column) if v.place else (0, 0))
        )
        super().__init__(_render(source, self.violations, text), hint, ExitCode.USAGE)

    def details(self) -> dict[str, Any]:
        """For `-o json`: the same violations, ready to be dumped."""
        return {
            "source": self.source,
            "valid": False,
            "violations": [
                {
                    "line": v.place.line if v.place else None,
                    "column": v.place.column if v.place else None,
                    "key": v.key,
                    "message": v.message,
                }
                for v in self.violations
            ],
        }


def dotted(path: Path) -> str:
    """`machines.worker.count`, the way keys are named in messages."""
    return ".".join(str(part) for part in path)


def _render(source: str, violations: Sequence[Located], text: str) -> str:
    """`source:line:column: key message` with the line printed back and marked below."""
    lines = text.splitlines()
    count = len(violations)
    blocks = [f"{source}: {count} problem{'s' if count != 1 else ''}"]
    for violation in violations:
        said = f"{violation.key} {violation.message}".strip()
        place = violation.place
        if place is None:
            blocks.append(f"{source}: {said}")
            continue
        head = f"{source}:{place.line}:{place.column}: {said}"
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        blocks.append(f"{head}\n{_excerpt(line, place)}")
    return "\n\n".join(blocks)


def _excerpt(line: str, place: Place) -> str:
    """The line behind its number, and carets below the stretch that is meant."""
    start = max(0, place.column - _LONGEST // 2) if len(line) > _LONGEST else 0
    shown = "".join(c if c.isprintable() else " " for c in line[start : start + _LONGEST])
    offset = place.column - 1 - start
    carets = "^" * max(1, min(place.width, len(shown) - offset))
    return f"{place.line:5} | {shown.rstrip()}\n{'':5} | {'':{offset}}{carets}"
