"""Which stack a verb means: by file, by name, or by what is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ashore.errors import AshoreError, ExitCode
from ashore.model.load import loads_stack, read_stack
from ashore.model.types import Stack
from ashore.state.paths import StackState, cache_root, list_stacks, state_root

_NOTHING = "apiVersion: ashore/v1\nkind: Stack\n"
"""A stack file that leaves everything to the defaults."""


class Wish(Protocol):
    """What the user said on the command line."""

    @property
    def file(self) -> Path | None: ...
    @property
    def stack(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """A resolved stack and where its description came from.

    Attributes:
        text: the stack file as read. `up` keeps a copy, so that later verbs
            work from any directory.
    """

    stack: Stack
    source: str
    text: str
    state: StackState
    cache: Path


def select(wish: Wish) -> Chosen:
    """Resolve the stack that a verb means.

    Order: `--file`; `--stack`; stack.yaml in the current directory; the one
    stack that is up; the built-in defaults.

    Raises:
        AshoreError: both given, the file is wrong, or several stacks are up.
    """
    if wish.file is not None and wish.stack is not None:
        raise AshoreError("--file and --stack exclude each other", "give one", ExitCode.USAGE)
    here = Path("stack.yaml")
    if wish.stack is not None:
        return _by_name(wish.stack)
    if wish.file is not None or here.exists():
        return _by_file(wish.file or here)
    up = list_stacks(state_root())
    if len(up) > 1:
        raise AshoreError(
            f"several stacks are here: {', '.join(up)}", "say which: --stack NAME", ExitCode.USAGE
        )
    return _by_name(up[0]) if up else _defaults()


def _chosen(stack: Stack, source: str, text: str) -> Chosen:
    return Chosen(stack, source, text, StackState(state_root() / stack.name), cache_root())


def _by_file(path: Path) -> Chosen:
    stack, text = read_stack(path)
    return _chosen(stack, str(path), text)


def _defaults() -> Chosen:
    return _chosen(loads_stack(_NOTHING, "defaults"), "defaults", _NOTHING)


def _by_name(name: str) -> Chosen:
    """A stack by its name: from the copy that `up` kept, else defaults of that name.

    The name alone is enough for `down`, which finds everything by label.
    """
    text = StackState(state_root() / name).stack_file_text()
    if text is None:
        text = f"{_NOTHING}name: {name}\n"
        return _chosen(loads_stack(text, "--stack"), "--stack", text)
    return _chosen(loads_stack(text, f"the saved copy of {name}"), "saved copy", text)
