"""`logs`: what the steps of earlier runs did."""

import sys

from ashore.app.select import Wish, select
from ashore.host.run import require_root
from ashore.state.logs import find, latest


def listing(wish: Wish) -> None:
    """Every step that has a log, and where it lies."""
    require_root("logs")
    known = latest(select(wish).state.logs)
    width = max(map(len, known), default=0)
    for key, path in known.items():
        sys.stdout.write(f"{key:<{width}}  {path}\n")


def one(wish: Wish, step: str) -> None:
    """The newest log of one step."""
    require_root("logs")
    sys.stdout.write(find(select(wish).state.logs, step).read_text(encoding="utf-8"))
