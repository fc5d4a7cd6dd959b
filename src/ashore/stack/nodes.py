"""Reads the nodes of a composed YAML document into plain data, with the place of each.

ruamel.yaml composes but does not construct the document: from the nodes every
duplicate key can be told, not just the first, and nothing is ever built from a
tag.
"""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from ashore.stack.violation import Located, Path, Place, dotted

_TAG = "tag:yaml.org,2002:"
_DEEPEST = 20  # levels; a stack file has four, an alias within itself has no end
_MOST = 10_000  # values; aliases of aliases multiply without end too

Node = Any
"""A node of ruamel.yaml, whose attributes carry no types."""


class Reader:
    """Turns one document's nodes into data.

    Attributes:
        violations: what no schema could tell any more: duplicate keys, tags.
        keys, values: where each stands, by path.
    """

    def __init__(self, constructor: Any) -> None:
        self.violations: list[Located] = []
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self._constructor = constructor

    def value(self, node: Node, path: Path) -> Any:
        """The data of the node at a path and of everything below it."""
        if len(path) > _DEEPEST or len(self.values) > _MOST:
            self._complain(path[:1], "is nested too deeply or holds too much", node)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._child(item, (*path, i)) for i, item in enumerate(_items(node))]
        return self._scalar(node, path)

    def _child(self, node: Node, path: Path) -> Any:
        self.values[path] = place(node)
        return self.value(node, path)

    def _mapping(self, node: Node, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in self._pairs(node, path, set()):
            name = str(key.value)
            if name in data:
                continue  # what is written beats what is merged
            here = (*path, name)
            self.keys[here] = place(key)
            data[name] = self._child(value, here)
        return data

    def _pairs(self, node: Node, path: Path, done: set[int]) -> Iterator[tuple[Node, Node]]:
        """The pairs of a mapping: its own, then those of `<<`, each mapping once (`done`)."""
        done.add(id(node))
        seen: dict[str, Node] = {}
        merges: list[Node] = []
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                merges += _items(value) if isinstance(value, SequenceNode) else [value]
            elif not isinstance(key, ScalarNode):
                self._complain(path, "has a key that is not a plain word", key)
            elif (name := _text(key)) in seen:
                first = place(seen[name]).line
                self._complain((*path, name), f"is given twice; first in line {first}", key)
            else:
                seen[name] = key
                yield key, value
        for merge in merges:
            if not isinstance(merge, MappingNode):
                self._complain((*path, "<<"), "must be a mapping", merge)
            elif id(merge) not in done:
                yield from self._pairs(merge, path, done)

    def _scalar(self, node: Node, path: Path) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        if kind in ("null", "bool", "int", "float"):
            return self._constructor.construct_object(node, deep=True)
        if kind not in ("str", "timestamp"):
            self._complain(path, f"has a tag: {node.tag}", node)
        return _text(node)

    def _complain(self, path: Path, message: str, node: Node) -> None:
        found = Located(dotted(path), message, place(node))
        if found not in self.violations:
            self.violations.append(found)


def place(node: Node) -> Place:
    """Where a node begins, as wide as it is; of one of several lines the first character."""
    start, end = node.start_mark, node.end_mark
    width = end.column - start.column if start.line == end.line else 1
    return Place(start.line + 1, start.column + 1, max(1, width))


def _items(node: Node) -> list[Node]:
    return node.value


def _text(node: Node) -> str:
    return str(node.value)
