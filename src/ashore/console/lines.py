"""Lines made of styled pieces, fitted to a width."""

from dataclasses import dataclass

Piece = tuple[str, str]
"""(text, style); the style is a key of STYLES."""

STYLES = {
    "": "",
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "red": "\x1b[31m",
    "green": "\x1b[32m",
    "yellow": "\x1b[33m",
    "cyan": "\x1b[36m",
}

_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces from the left; `right` ends at the last column and is never cut."""

    pieces: tuple[Piece, ...]
    right: str = ""


def render(line: Line, width: int, *, colour: bool, more: str = "…") -> str:
    """One row of at most `width` columns, without a newline."""
    room = width - len(line.right) - (2 if line.right else 0)
    parts: list[str] = []
    used = 0
    for text, style in line.pieces:
        fitting = text
        if used + len(text) > room:
            fitting = text[: max(0, room - used - len(more))].rstrip() + more
        parts.append(paint(fitting, style, colour=colour))
        used += len(fitting)
        if fitting is not text:
            break
    if line.right:
        parts += [" " * (width - used - len(line.right)), paint(line.right, "dim", colour=colour)]
    return "".join(parts).rstrip()


def paint(text: str, style: str, *, colour: bool) -> str:
    """The text in a style, or as it is."""
    return f"{STYLES[style]}{text}{_RESET}" if colour and style and text else text
