"""The list of drills as text."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH = 88


class _Targets(dict[str, str]):
    """What a drill will hit is chosen when it runs; until then its word stands there."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def table(found: Sequence[Mapping[str, Any]]) -> str:
    """A paragraph a drill: its name, what it does, what should happen."""
    lines: list[str] = []
    suite = ""
    for drill in found:
        if drill["suite"] != suite:
            suite = drill["suite"]
            lines += [f"suite {suite}:", ""]
        lines.append(f"{drill['name']}: {drill['title']}")
        cannot = f"Cannot run here: {drill['cannot']}" if drill["cannot"] else ""
        for text in filter(None, (drill["does"], drill["expected"], cannot)):
            lines += textwrap.wrap(
                text.format_map(_Targets()), _WIDTH, initial_indent="  ", subsequent_indent="  "
            )
        lines.append("")
    return "\n".join(lines)
