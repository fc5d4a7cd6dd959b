"""The one error that users see, and the exit codes of the program."""

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """What the process returns; documented in docs/reference/exit-codes.md."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    HOST = 3
    UNHEALTHY = 4
    DRILL = 5
    LEFTOVERS = 6
    INTERRUPTED = 130


class AshoreError(Exception):
    """A failure that a user can act on.

    Attributes:
        message: what failed and where, one sentence or an aligned block.
        hint: what to try next; empty when the message says it all.
        exit_code: what the process returns when nobody handles the error.
    """

    def __init__(self, message: str, hint: str = "", exit_code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def details(self) -> dict[str, Any]:
        """What `-o json` shows of it besides message, hint and exit code."""
        return {}
