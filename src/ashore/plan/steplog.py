"""The log of one step: its commands, their output, what it found."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO


class StepLog:
    """Collects lines and writes them to a file from the moment that it matters.

    A step that is already in place leaves no file, so that the log of the run
    that changed it stays the newest one.
    """

    def __init__(self, path: Path, heading: str) -> None:
        self.path = path
        self._started = time.monotonic()
        self._file: TextIO | None = None
        self._waiting = [f"# {heading}", f"# {datetime.now(UTC).isoformat(timespec='seconds')}"]

    @property
    def opened(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    def line(self, text: str) -> None:
        """Add output or a command line, as it is."""
        if self._file is None:
            self._waiting.append(text)
        else:
            print(text, file=self._file, flush=True)

    def phase(self, text: str) -> None:
        """Add a comment with the seconds since the step began."""
        self.line(f"# +{time.monotonic() - self._started:.3f} s {text}")

    def open(self) -> None:
        """Write what was collected; from now on every line goes to the file at once."""
        if self._file is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8", errors="replace")
            print("\n".join(self._waiting), file=self._file, flush=True)
            self._waiting.clear()

    def close(self) -> None:
        """End the file, if there is one."""
        if self._file is not None:
            self._file.close()
