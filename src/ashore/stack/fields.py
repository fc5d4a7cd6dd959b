"""Walks the schema: what its three renderings and the messages know of sections and keys."""

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ashore.stack.schema import StackFile
from ashore.stack.violation import Path

Section = type[BaseModel]


def fields_of(section: Section) -> dict[str, FieldInfo]:
    """The fields of a section by key as written in the file, in order."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def section_of(field: FieldInfo) -> Section | None:
    """The section that a field holds, one that may be left out too, or None for a scalar."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def left_out(path: Path) -> bool:
    """Whether the default is that the section is not there at all."""
    field = field_at(path)
    return section_of(field) is not None and not field.is_required() and field.default is None


def section_at(path: Path) -> Section:
    """The section at a path; a key that holds a scalar has the section it stands in."""
    section: Section = StackFile
    for part in path:
        section = section_of(fields_of(section)[str(part)]) or section
    return section


def field_at(path: Path) -> FieldInfo:
    """The field at a path."""
    return fields_of(section_at(path[:-1]))[str(path[-1])]


def sections(path: Path = ()) -> list[Path]:
    """The paths of all sections, each before those within it, the whole file first."""
    found = [path]
    for key, field in fields_of(section_at(path)).items():
        if section_of(field):
            found += sections((*path, key))
    return found


def options(field: FieldInfo) -> list[str]:
    """The values that a field offers; empty if it is no choice."""
    if field.annotation is bool:
        return ["true", "false"]
    return [str(option) for option in get_args(field.annotation) if isinstance(option, str)]


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the largest value of a number, both allowed."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"


def range_of(field: FieldInfo) -> Range | None:
    """The range of a number, or None if the field is none."""
    limits: dict[str, Any] = {}
    for part in field.metadata:
        limits.update({name: getattr(part, name) for name in ("ge", "le") if hasattr(part, name)})
    return Range(limits["ge"], limits["le"]) if len(limits) == 2 else None


def about(path: Path) -> str:
    """What a key or a section is for, one or two sentences."""
    if not path:
        return section_at(path).__doc__ or ""
    inner = section_of(field_at(path))
    return (inner.__doc__ if inner else field_at(path).description) or ""


def default_text(path: Path) -> str | None:
    """The default as it is written in the file, or None if it follows from other keys."""
    data: Any = StackFile().model_dump(mode="json", by_alias=True)
    for part in path:
        if data is None:  # in a section that is not there by default
            field = field_at(path)
            data = None if field.is_required() else field.default
            break
        data = data[part]
    if isinstance(data, bool):
        return str(data).lower()
    return None if data is None else f"{data:g}" if isinstance(data, float) else str(data)
