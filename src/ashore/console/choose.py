"""Which renderer of events a verb gets."""

import os
import sys
from contextlib import AbstractContextManager

from ashore.events import Emit


def console(output: str) -> AbstractContextManager[Emit]:
    """JSON lines on stdout for `json`; else on stderr: a live tree on a terminal, lines elsewhere.

    Continuous integration often gives a terminal whose record nobody reads
    live, so `CI` and dumb terminals get lines as well.
    """
    if output == "json":
        from ashore.console.jsonlines import JsonLines

        return JsonLines(sys.stdout)
    if sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb":
        from ashore.console.terminal import Terminal

        return Terminal(sys.stderr)
    from ashore.console.plain import Plain

    return Plain(sys.stderr)
