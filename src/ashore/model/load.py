"""The way in: from a stack file to a Stack, every violation in one error.

The schema (and with it pydantic and the YAML reader) is imported when a file
is read, not when this module is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ashore.model import rules
from ashore.model.resolve import resolve
from ashore.stack.violation import dotted

if TYPE_CHECKING:
    from pathlib import Path

    from ashore.model.types import Stack
    from ashore.stack.load import Loaded


def load_stack(path: Path) -> Stack:
    """The stack that a file describes. Raises as `read_stack`."""
    return read_stack(path)[0]


def read_stack(path: Path) -> tuple[Stack, str]:
    """The stack that a file describes, and the file's text.

    Both come of one read: what a pipe holds can be read only once.

    Raises:
        AshoreError: the file cannot be read (exit code USAGE).
        InvalidStackFile: every violation of YAML, schema and rules.
    """
    from ashore.stack.load import read

    loaded = read(path)
    return _resolved(loaded), loaded.document.text


def loads_stack(text: str, source: str = "<text>") -> Stack:
    """Like `load_stack`, from text; `source` names it in messages."""
    from ashore.stack.load import reads

    return _resolved(reads(text, source))


def default_stack() -> Stack:
    """The stack of a file that says nothing."""
    from ashore.stack.schema import StackFile

    return resolve(StackFile())


def _resolved(loaded: Loaded) -> Stack:
    broken = [found for found in rules.violations(loaded.file) if loaded.concerns(found)]
    violations = [*loaded.violations, *map(loaded.locate, broken)]
    if violations:
        raise loaded.error(violations)
    warned = [f"{dotted(found.path)} {found.message}" for found in rules.warnings(loaded.file)]
    return resolve(loaded.file, tuple(warned))
