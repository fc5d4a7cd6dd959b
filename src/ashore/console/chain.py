"""The demo's chain as text: what each link took, and what answered."""

from collections.abc import Mapping
from typing import Any

from ashore.console.grid import View, columns, stdout
from ashore.console.lines import Piece
from ashore.console.words import seconds


def seconds_table(found: Mapping[str, Any], view: View | None = None) -> str:
    """The document of `demo up -o json`: the seconds of each step, and where to look."""
    view = view or stdout()
    rows: list[list[Piece]] = [
        [
            (view.marks.done, "green"),
            (step["title"], ""),
            (seconds(step["seconds"]) if step["changed"] else "in place", "dim"),
        ]
        for step in found["steps"]
    ]
    lines = [*columns(rows, view), "", f"{found['url']}  ({found['address']})"]
    return "\n".join(lines) + "\n"


def table(found: Mapping[str, Any], view: View | None = None) -> str:
    """The document of `demo status -o json`; how to mend what is broken stands below it."""
    view = view or stdout()
    rows = [_link(link, view) for link in found["links"]]
    lines = columns(rows, view, ("", "LINK", "TOOK", "WHAT ANSWERED"))
    broken = [link for link in found["links"] if not link["good"]]
    mends = [[(f"{link['name']}:", "bold"), (link["mend"], "")] for link in broken]
    lines += ["", *columns(mends, view)] if mends else ["", found["url"]]
    return "\n".join(lines) + "\n"


def _link(link: Mapping[str, Any], view: View) -> list[Piece]:
    good = link["good"]
    return [
        (view.marks.done, "green") if good else (view.marks.failed, "red"),
        (link["name"], "bold"),
        (f"{link['milliseconds']:.0f} ms", "dim"),
        (link["said"], "" if good else "yellow"),
    ]
