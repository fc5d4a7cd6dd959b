"""Reads a stack file: YAML, then the schema; every violation is kept with its place."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from ashore.errors import AshoreError, ExitCode
from ashore.stack.document import Document, parse
from ashore.stack.fields import field_at
from ashore.stack.messages import violation
from ashore.stack.schema import StackFile
from ashore.stack.violation import InvalidStackFile, Located, Path, Place, Violation, dotted

_LARGEST = 1024 * 1024  # bytes; a stack file with every key has two thousand


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file as far as it could be understood.

    Attributes:
        file: what is valid; a key that violates the schema has its default.
        invalid: the keys that do, so that no rule is held against a default
            which the user never chose.
        violations: of YAML and schema; empty if the file is valid.
    """

    document: Document
    file: StackFile
    invalid: tuple[Path, ...] = ()
    violations: tuple[Located, ...] = ()

    def locate(self, found: Violation) -> Located:
        """A violation with its place: of the first involved key that the file has."""
        candidates = (found.path, *found.involves)
        written = next((p for p in candidates if p in self.document.values), found.path)
        place = self.document.place(written)
        return Located(dotted(found.path), found.message, place)

    def concerns(self, found: Violation) -> bool:
        """Whether all keys that take part were understood."""
        return not any(
            path[: len(bad)] == bad
            for bad in self.invalid
            for path in (found.path, *found.involves)
        )

    def error(self, violations: Iterable[Located]) -> InvalidStackFile:
        """One error of these violations, the lines printed back."""
        return InvalidStackFile(self.document.source, tuple(violations), self.document.text)


def load(path: FilePath) -> StackFile:
    """The stack file at a path, held against the schema alone.

    Raises:
        AshoreError: it cannot be read (exit code USAGE).
        InvalidStackFile: every violation of YAML and schema.
    """
    return _valid(read(path))


def loads(text: str, source: str = "<text>") -> StackFile:
    """Like `load`, from text; `source` names it in messages."""
    return _valid(reads(text, source))


def _valid(loaded: Loaded) -> StackFile:
    if loaded.violations:
        raise loaded.error(loaded.violations)
    return loaded.file


def read(path: FilePath) -> Loaded:
    """A file with whatever is wrong in it. Raises as `load` only if nothing can be made of it."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        raise AshoreError(
            f"{path}: no such file", f"`ashore init {path}` writes one", ExitCode.USAGE
        ) from None
    except OSError as error:
        raise AshoreError(f"{path}: {error.strerror}", "", ExitCode.USAGE) from None
    return reads(_decode(raw, str(path)), str(path))


def _decode(raw: bytes, source: str) -> str:
    if len(raw) > _LARGEST:
        raise InvalidStackFile(source, [Located("", "larger than 1 MiB, so no stack file")])
    if b"\0" in raw:
        raise InvalidStackFile(source, [Located("", "a binary file, not YAML")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        place = Place(before.count(b"\n") + 1, column)
        text = raw.decode("utf-8", errors="replace")
        raise InvalidStackFile(source, [Located("", "not UTF-8", place)], text) from None


def reads(text: str, source: str) -> Loaded:
    """Like `read`, from text."""
    document = parse(text, source)
    if document.data is None:
        message = "empty; `{}` is the stack with every default"
        hint = "`ashore init` writes a file with comments"
        raise InvalidStackFile(source, [Located("", message)], hint=hint)
    if not isinstance(document.data, dict):
        found = Located("", "must be a mapping of keys", Place(1, 1))
        raise InvalidStackFile(source, [found], text)
    return _validate(document)


def _validate(document: Document) -> Loaded:
    """Hold the data against the schema; what violates it gives way to its default."""
    try:
        file = StackFile.model_validate(document.data)
        return Loaded(document, file, (), tuple(document.violations))
    except ValidationError as error:
        details = error.errors(include_url=False)
    invalid: list[Path] = []
    violations = list(document.violations)
    valid = copy.deepcopy(document.data)
    for detail in details:
        found = violation(detail)
        gone = _gives_way(detail["type"], found.path)
        invalid.append(gone)
        at_key = detail["type"] == "extra_forbidden" or detail["input"] is None
        place = document.place(found.path, key=at_key)
        violations.append(Located(dotted(found.path), found.message, place))
        _drop(valid, gone)
    return Loaded(document, StackFile.model_validate(valid), tuple(invalid), tuple(violations))


def _gives_way(kind: str, path: Path) -> Path:
    """What cannot stay because of a violation: a section without a key that it needs goes too."""
    known = kind != "extra_forbidden"
    return path[:-1] if known and path and field_at(path).is_required() else path


def _drop(data: Any, path: Path) -> None:
    for part in path[:-1]:
        if part not in data:
            return  # gone already, with the section around it
        data = data[part]
    data.pop(path[-1], None)
