"""Events as JSON, one object a line."""

import contextlib
import json
from dataclasses import asdict
from typing import Self, TextIO

from ashore.events import Event


class JsonLines:
    """Writes each event at once; the kind is in `event`.

    A reader that goes away does not end the run: what is being done to
    machines matters more than who watches.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __call__(self, event: Event) -> None:
        """An `Emit`."""
        record = {"event": type(event).__name__, **asdict(event)}
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(record, ensure_ascii=False), file=self._out, flush=True)
