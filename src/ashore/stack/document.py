"""A YAML document as plain data that remembers where each key and value stands.

It is composed by ruamel.yaml but not constructed by it: from the nodes every
duplicate key can be told, not just the first, and nothing is ever built from a
tag. YAML 1.2: `no` and `yes` are strings.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from ashore.stack.violation import InvalidStackFile, Located, Path, Place, dotted

_TAG = "tag:yaml.org,2002:"
_DEEPEST = 20  # levels; a stack file has four, an alias within itself has no end


@dataclass(slots=True)
class Document:
    """One parsed file.

    Attributes:
        text: for printing lines back.
        data: dicts, lists and scalars; None for an empty document.
        violations: duplicate keys and the like, found while reading.
    """

    source: str
    text: str
    data: Any = None
    violations: list[Located] = field(default_factory=list[Located])
    keys: dict[Path, Place] = field(default_factory=dict[Path, Place])
    values: dict[Path, Place] = field(default_factory=dict[Path, Place])

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
    yaml = YAML(typ="safe", pure=True)
    document = Document(source, text)
    try:
        root = cast("Node | None", yaml.compose(text))
        if root is not None:
            document.data = _Reader(yaml, document).value(root, ())
    except ReaderError as error:
        line, column = _count(text, cast("int", error.position))
        found = Located("", "holds a control character", Place(line, column))
        raise InvalidStackFile(source, [found], text) from None
    except MarkedYAMLError as error:
        raise InvalidStackFile(source, [_syntax(error)], text) from None
    except (YAMLError, RecursionError) as error:
        raise InvalidStackFile(source, [Located("", f"is not YAML: {error}")]) from None
    return document


def _count(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _syntax(error: MarkedYAMLError) -> Located:
    mark = cast("Any", error.problem_mark or error.context_mark)
    problem = str(error.problem or error.context)
    if "another document" in problem:
        problem = "a second document begins; one file describes one stack"
    elif r"'\t'" in problem:
        problem = "a tab; YAML indents by spaces"
    else:
        problem = f"not YAML: {problem}"
    return Located("", problem, Place(mark.line + 1, mark.column + 1) if mark else None)


class _Reader:
    """Turns nodes into data and fills the document's places."""

    def __init__(self, yaml: YAML, document: Document) -> None:
        self._constructor = cast("Any", yaml.constructor)
        self._document = document

    def value(self, node: Node, path: Path) -> Any:
        if len(path) > _DEEPEST:
            self._complain(path, "is nested too deeply", _place(node))
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._child(item, (*path, i)) for i, item in enumerate(_items(node))]
        return self._scalar(cast("ScalarNode", node), path)

    def _child(self, node: Node, path: Path) -> Any:
        self._document.values[path] = _place(node)
        return self.value(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in self._merged(node, path):
            name = str(key.value)
            if name in data:
                continue  # overridden: what is written beats what is merged
            here = (*path, name)
            self._document.keys[here] = _place(key)
            data[name] = self._child(value, here)
        return data

    def _merged(self, node: MappingNode, path: Path) -> Iterator[tuple[Node, Node]]:
        """The pairs of a mapping, its own first, then those of `<<`; complains of doubles."""
        seen: dict[str, Node] = {}
        merges: list[Node] = []
        for key, value in _pairs(node):
            if key.tag == f"{_TAG}merge":
                merges += _items(value) if isinstance(value, SequenceNode) else [value]
            elif not isinstance(key, ScalarNode):
                self._complain(path, "has a key that is not a plain word", _place(key))
            elif str(key.value) in seen:
                first = _place(seen[str(key.value)]).line
                here = (*path, str(key.value))
                self._complain(here, f"is given twice; first in line {first}", _place(key))
            else:
                seen[str(key.value)] = key
                yield key, value
        for merge in merges:
            if isinstance(merge, MappingNode) and merge is not node and len(path) < _DEEPEST:
                yield from self._merged(merge, path)
            else:
                self._complain((*path, "<<"), "must be a mapping", _place(merge))

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        if kind in ("null", "bool", "int", "float"):
            return self._constructor.construct_object(node, deep=True)
        if kind not in ("str", "timestamp"):
            self._complain(path, f"has a tag: {node.tag}", _place(node))
        return str(node.value)

    def _complain(self, path: Path, message: str, place: Place) -> None:
        self._document.violations.append(Located(dotted(path), message, place))


def _pairs(node: MappingNode) -> list[tuple[Node, Node]]:
    return cast("list[tuple[Node, Node]]", node.value)


def _items(node: SequenceNode) -> list[Node]:
    return cast("list[Node]", node.value)


def _place(node: Node) -> Place:
    start, end = cast("Any", node.start_mark), cast("Any", node.end_mark)
    one_line = start.line == end.line
    return Place(
        start.line + 1, start.column + 1, max(1, end.column - start.column if one_line else 1)
    )
