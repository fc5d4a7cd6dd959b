"""Violations of the schema in the words of the stack file instead of pydantic's."""

import difflib
import types
import typing
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ashore.stack.schema import StackFile
from ashore.stack.violation import Path, Violation, dotted


def violation(error: ErrorDetails) -> Violation:
    """One of pydantic's errors, its message continuing the key."""
    path: Path = error["loc"]
    return Violation(path, _message(error, path))


def _message(error: ErrorDetails, path: Path) -> str:
    kind, value, limits = error["type"], error["input"], error.get("ctx", {})
    if value is None:
        return "is empty; give it a value or delete the line"
    match kind:
        case "extra_forbidden":
            return _unknown(path)
        case "value_error":
            return str(limits["error"])
        case "literal_error":
            return _not_offered(path, value)
        case "less_than_equal" | "greater_than_equal":
            return f"is out of range: {value}; {_range(path)}"
        case "int_type" | "float_type" | "int_from_float" | "finite_number":
            number = "number" if kind in ("float_type", "finite_number") else "whole number"
            return f"must be a {number}, not {_shown(value)}"
        case "model_type" | "model_attributes_type":
            return f"must be a mapping of keys, not {_shown(value)}"
        case _:
            return error["msg"]


def _unknown(path: Path) -> str:
    known = known_keys(path[:-1])
    close = closest(str(path[-1]), known)
    if close:
        return f"is unknown; did you mean {close}?"
    for section in _sections():
        if path[-1] in known_keys(section):
            return f"is unknown here; it belongs to {dotted(section) or 'the top of the file'}"
    return f"is unknown; known here: {', '.join(known)}"


def _not_offered(path: Path, value: object) -> str:
    offered = [str(option) for option in typing.get_args(_field(path).annotation)]
    close = closest(str(value).removeprefix("v"), offered)
    if close:
        return f"{_shown(value)} is not offered; did you mean {close}?"
    return f"{_shown(value)} is not offered; offered: {', '.join(offered)}"


def _range(path: Path) -> str:
    low = next(m.ge for m in _field(path).metadata if hasattr(m, "ge"))
    high = next(m.le for m in _field(path).metadata if hasattr(m, "le"))
    return f"must be {low:g}" if low == high else f"must be {low:g} to {high:g}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def closest(word: str, options: Iterable[str]) -> str | None:
    """The option that is likely meant, whatever its case, or None."""
    folded = {option.lower().replace("_", ""): option for option in options}
    found = difflib.get_close_matches(word.lower().replace("_", ""), folded, 1, cutoff=0.7)
    return folded[found[0]] if found else None


def known_keys(path: Path) -> list[str]:
    """The keys of a section, as written in the file."""
    return [key for key, _ in fields_of(_model(path))]


def fields_of(model: type[BaseModel]) -> list[tuple[str, Any]]:
    """(key as written in the file, pydantic's field) of a section, in order."""
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def section_of(field: Any) -> type[BaseModel] | None:
    """The section that a field holds, or None for a scalar."""
    kind = field.annotation
    is_class = isinstance(kind, type) and not isinstance(kind, types.GenericAlias)
    return kind if is_class and issubclass(kind, BaseModel) else None


def _model(path: Path) -> type[BaseModel]:
    model: type[BaseModel] = StackFile
    for part in path:
        model = section_of(dict(fields_of(model))[str(part)]) or model
    return model


def _field(path: Path) -> Any:
    return dict(fields_of(_model(path[:-1])))[str(path[-1])]


def _sections(path: Path = ()) -> list[Path]:
    inner = [
        found
        for key, field in fields_of(_model(path))
        if section_of(field)
        for found in _sections((*path, key))
    ]
    return [path, *inner]
