"""The commented stack file that `ashore init` writes: every key with its default."""

import textwrap

from ashore.stack.fields import (
    about,
    default_text,
    field_at,
    fields_of,
    left_out,
    section_at,
    section_of,
)
from ashore.stack.violation import Path

_WIDTH = 88
_VALUES = 24  # columns of key and value before a comment that stands behind them
_HEAD = """\
# A stack of Ashore. Every key may be left out: what stands here is its default.
# Change what you like; `ashore check` reads it again, `ashore up` brings it about.
"""


def text(name: str | None = None) -> str:
    """The file; `name` takes the place of the default name.

    A key whose default follows from other keys is commented out.
    """
    return _HEAD + "\n".join(_section((), name)) + "\n"


def _section(path: Path, name: str | None) -> list[str]:
    lines: list[str] = []
    for key in fields_of(section_at(path)):
        lines += _entry((*path, key), name, first=not lines and bool(path))
    return lines


def _entry(path: Path, name: str | None, *, first: bool) -> list[str]:
    indent = "  " * (len(path) - 1)
    inner = section_of(field_at(path))
    if inner and all(left_out((*path, key)) for key in fields_of(inner)):
        return _commented(path, indent)
    line = f"{indent}{path[-1]}:" if inner else f"{indent}{_scalar(path, name)}"
    if len(path) > 2:
        return [f"{line:{_VALUES}}# {about(path)}"]
    prefix = f"{indent}# "
    comment = textwrap.wrap(about(path), _WIDTH, initial_indent=prefix, subsequent_indent=prefix)
    gap = [] if first else [""]
    return [*gap, *comment, line, *(_section(path, name) if inner else [])]


def _commented(path: Path, indent: str) -> list[str]:
    """A section whose parts are not there by default: the first of them, as an example."""
    first = (*path, next(iter(fields_of(section_at(path)))))
    keys = [(*first, key) for key in fields_of(section_at(first))]
    lines = [f"{path[-1]}:", f"  {first[-1]}:", *(f"    {_example(key)}" for key in keys)]
    said = textwrap.wrap(about(path), _WIDTH - len(indent) - 2)
    return [f"{indent}# {line}" for line in (*said, *lines)]


def _example(path: Path) -> str:
    value = default_text(path)
    return f"{path[-1]}: {(field_at(path).examples or [''])[0] if value is None else value}"


def _scalar(path: Path, name: str | None) -> str:
    key = path[-1]
    if path == ("name",) and name is not None:
        return f"{key}: {name}"
    value = default_text(path)
    if value is None:
        example = (field_at(path).examples or [""])[0]
        return f"# {key}: {example}"
    return f"{key}: {value}"
