"""The logs of steps: a directory for each run, the last few runs kept."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from ashore.errors import AshoreError, ExitCode

KEEP = 10
"""Runs whose logs are kept. A run that changed nothing writes none and counts for nothing."""

_SUFFIX = ".log"


class RunLogs:
    """The logs of one run. `id` sorts by time."""

    def __init__(self, root: Path, run: str) -> None:
        self.id = run
        self._directory = root / run

    def path(self, key: str) -> Path:
        """Where the step of that key logs to."""
        return self._directory / (key.replace("/", ".") + _SUFFIX)


def new_run(root: Path) -> RunLogs:
    """Logs for a run that begins now; those of the oldest runs go away."""
    for old in _runs(root)[KEEP - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
    return RunLogs(root, f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")


def latest(root: Path) -> dict[str, Path]:
    """Step key -> its newest log, of all the runs that are kept, in order of the keys."""
    found: dict[str, Path] = {}
    for run in _runs(root):
        for path in run.glob("*" + _SUFFIX):
            found.setdefault(path.name.removesuffix(_SUFFIX).replace(".", "/", 1), path)
    return dict(sorted(found.items()))


def find(root: Path, step: str) -> Path:
    """The newest log of a step, by its key or by a beginning that only one key has.

    Raises:
        AshoreError: no step or several steps; the message names those there are.
    """
    known = latest(root)
    if step in known:
        return known[step]
    matching = [key for key in known if key.startswith(step)]
    if len(matching) == 1:
        return known[matching[0]]
    if matching:
        raise AshoreError(
            f"{step} may be any of {', '.join(matching)}", "say more of it", ExitCode.USAGE
        )
    names = ", ".join(known) or "none: no step has changed anything yet"
    raise AshoreError(f"no log of a step {step}", f"there are: {names}", ExitCode.USAGE)


def _runs(root: Path) -> list[Path]:
    """Directories of runs, newest first."""
    if not root.is_dir():
        return []
    return sorted((p for p in root.iterdir() if p.is_dir()), reverse=True)
