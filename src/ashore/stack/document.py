"""A YAML document as plain data that remembers where each key and value stands.

YAML 1.2: `no` and `yes` are strings.
"""

from dataclasses import dataclass
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from ashore.stack.nodes import Reader
from ashore.stack.violation import InvalidStackFile, Located, Path, Place


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file.

    Attributes:
        text: for printing lines back.
        data: dicts, lists and scalars; None for an empty document.
        violations: duplicate keys and the like, found while reading.
    """

    source: str
    text: str
    data: Any
    violations: list[Located]
    keys: dict[Path, Place]
    values: dict[Path, Place]

    def place(self, path: Path, *, key: bool = False) -> Place | None:
        """Where a value (or its key) stands; the nearest parent of what is not in the file."""
        for length in range(len(path), 0, -1):
            part = path[:length]
            if part in self.values:
                missing = length < len(path)
                return self.keys.get(part) if key or missing else self.values[part]
        return None


def parse(text: str, source: str) -> Document:
    """Read YAML.

    Raises:
        InvalidStackFile: not YAML at all, or more than one document.
    """
    yaml = cast("Any", YAML(typ="safe", pure=True))
    try:
        root = yaml.compose(text)
    except ReaderError as error:
        place = _count(text, cast("Any", error).position)
        found = Located("", "holds a control character", place)
        raise InvalidStackFile(source, [found], text) from None
    except MarkedYAMLError as error:
        raise InvalidStackFile(source, [_syntax(error)], text) from None
    except (YAMLError, RecursionError):
        found = Located("", "not YAML, or nested too deeply")
        raise InvalidStackFile(source, [found], text) from None
    reader = Reader(yaml.constructor)
    data = None if root is None else reader.value(root, ())
    return Document(source, text, data, reader.violations, reader.keys, reader.values)


def _count(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _syntax(error: Any) -> Located:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context)
    if "another document" in problem:
        problem = "a second document begins; one file describes one stack"
    elif r"'\t'" in problem:
        problem = "a tab; YAML indents by spaces"
    else:
        problem = f"not YAML: {problem}"
    return Located("", problem, Place(mark.line + 1, mark.column + 1) if mark else None)
