"""Violations of the schema in the words of the stack file instead of pydantic's."""

import difflib
from collections.abc import Iterable

from pydantic_core import ErrorDetails

from ashore.stack.fields import field_at, fields_of, options, range_of, section_at, sections
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
        case "missing":
            return f"is missing; {_example(path)}"
        case "extra_forbidden":
            return _unknown(path)
        case "value_error":
            return str(limits["error"])
        case "literal_error":
            return _not_offered(path, value)
        case "less_than_equal" | "greater_than_equal":
            return f"is out of range: {value}; must be {range_of(field_at(path))}"
        case "int_type" | "float_type" | "int_from_float" | "finite_number":
            number = "number" if kind in ("float_type", "finite_number") else "whole number"
            return f"must be a {number}, not {_shown(value)}"
        case "model_type" | "model_attributes_type":
            return f"must be a mapping of keys, not {_shown(value)}"
        case _:
            return error["msg"]


def _unknown(path: Path) -> str:
    known = fields_of(section_at(path[:-1]))
    close = closest(str(path[-1]), known)
    if close:
        return f"is unknown; did you mean {close}?"
    for section in sections():
        if path[-1] in fields_of(section_at(section)):
            return f"is unknown here; it belongs to {dotted(section) or 'the top of the file'}"
    return f"is unknown; known here: {', '.join(known)}"


def _example(path: Path) -> str:
    example = (field_at(path).examples or [""])[0]
    return f"write it as {path[-1]}: {example}"


def _not_offered(path: Path, value: object) -> str:
    offered = options(field_at(path))
    close = closest(str(value).removeprefix("v"), offered)
    if close:
        return f"{_shown(value)} is not offered; did you mean {close}?"
    return f"{_shown(value)} is not offered; offered: {', '.join(offered)}"


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
