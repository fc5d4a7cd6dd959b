"""How an error reaches the user."""

import json
import sys

from ashore.console.lines import paint
from ashore.console.words import coloured
from ashore.errors import AshoreError


def show(error: AshoreError, *, as_json: bool = False) -> None:
    """Print message and hint on stderr, or one JSON object on stdout."""
    if as_json:
        sys.stdout.write(error_json(error) + "\n")
        sys.stdout.flush()
    else:
        sys.stderr.write(error_text(error, colour=coloured(sys.stderr)))
        sys.stderr.flush()


def error_json(error: AshoreError) -> str:
    """`{"error": {"message", "hint", "exitCode"}}` and the error's details, in one line."""
    body = {"message": error.message, "hint": error.hint, "exitCode": int(error.exit_code)}
    body |= error.details()
    return json.dumps({"error": body}, ensure_ascii=False)


def error_text(error: AshoreError, *, colour: bool = False) -> str:
    """The message as it is, for it may be an aligned block; the hint below it."""
    text = paint("error:", "red", colour=colour) + f" {error.message.rstrip()}\n"
    if error.hint:
        text += paint("hint:", "cyan", colour=colour) + f" {error.hint}\n"
    return text
