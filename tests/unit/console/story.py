"""A run as events, and how a golden file is compared."""

import io
import os
from pathlib import Path

from ashore.events import Event, Output, RunDone, RunStarted, StepDone, StepFailed, StepStarted

GOLDEN = Path(__file__).parent / "golden"

START = RunStarted(
    "up", "demo", 8, (("supply", 1), ("machines", 4), ("load balancers", 1), ("workers", 2))
)


class Stream(io.StringIO):
    """A terminal, or a pipe, that remembers what was written."""

    def __init__(self, *, tty: bool = False, encoding: str = "utf-8") -> None:
        super().__init__()
        self._tty = tty
        self._encoding = encoding

    def isatty(self) -> bool:
        return self._tty

    @property
    def encoding(self) -> str:
        return self._encoding


def check(name: str, text: str) -> None:
    """Compare with the golden file; ASHORE_GOLDEN=write renews it."""
    path = GOLDEN / name
    if os.environ.get("ASHORE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def begun(key: str, title: str, layer: str, at: float) -> StepStarted:
    return StepStarted(key, title, layer, _machine(key), at, ("not there",))


def done(key: str, title: str, layer: str, at: float, took: float, changed: bool) -> StepDone:
    return StepDone(key, title, layer, _machine(key), at, took, changed)


def failed(key: str, title: str, layer: str, at: float, took: float, why: str) -> StepFailed:
    return StepFailed(key, title, layer, _machine(key), at, took, why, "", f"/logs/{key}.log")


def _machine(key: str) -> str | None:
    return key.split("/")[0] if "/" in key else None


MACHINES = [
    done("supply", "obtain the programs", "supply", 0.2, 0.1, False),
    begun("w1/machine", "start the machine", "machines", 0.5),
    begun("w2/machine", "start the machine", "machines", 0.6),
    begun("lb1/machine", "start the machine", "machines", 0.6),
    begun("image", "build the golden root file system", "machines", 0.7),
    Output("image", "unpacking 12 of 503 MB"),
    done("w1/machine", "start the machine", "machines", 2.0, 1.5, True),
]

FAILURE = [
    done("w2/machine", "start the machine", "machines", 2.5, 1.9, True),
    done("lb1/machine", "start the machine", "machines", 2.5, 1.9, True),
    done("image", "build the golden root file system", "machines", 3.0, 2.3, True),
    begun("w1/kubeadm", "join the worker", "workers", 3.1),
    failed(
        "w1/kubeadm", "join the worker", "workers", 75.0, 71.9, "exit 1: kubeadm join\nno route"
    ),
]

END = RunDone(
    "up",
    "demo",
    100.0,
    7,
    1,
    (
        ("obtain the programs", 0.5),
        ("w1: start the machine", 30.0),
        ("waiting for a free slot", 9.0),
        ("w1: join the worker", 60.0),
        ("wait until every node is Ready", 0.5),
    ),
)

STORY: list[Event] = [START, *MACHINES]
