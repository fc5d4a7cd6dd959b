"""`make bench-load`: the whole stack while something else fills every core. Is anybody fenced?"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.stack import Stack, own_stack

_BALANCERS = ("lb1", "lb2")

# What Corosync and Pacemaker write when a member is lost, and when a monitor fails.
_SIGNS = {
    "tokens lost": "A processor failed|Token has not been received",
    "pauses that Corosync noticed": "Corosync main process was not scheduled",
    "monitors that failed": "monitor.*(error|timed out)",
}

# Ends by itself, whatever becomes of this program.
_BUSY = """\
import sys, time
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    pass
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument(
        "--busy", type=int, default=os.cpu_count(), help="processes that never rest"
    )
    chosen = parser.parse_args()
    with own_stack(2) as stack:
        print(f"up: {stack.up().seconds:.0f} s, {_fenced(stack)} fenced meanwhile", flush=True)
        before, holder = _fenced(stack), _holder(stack)
        began = time.time()
        with _load(chosen.busy, chosen.minutes * 60):
            _watch(stack, chosen.minutes * 60)
        fenced, now = _fenced(stack) - before, _holder(stack)
        print(f"{chosen.busy} busy processes for {chosen.minutes:g} minutes: {fenced} fenced")
        print(f"  floating IP: on {holder} before, on {now} after")
        for name, pattern in _SIGNS.items():
            print(f"  {name}: {_written(stack, pattern, began)}")


def _watch(stack: Stack, seconds: float) -> None:
    """Say each minute how it is."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(60.0, left))
        took, _ = stack.run("status", code=None)
        print(f"  load {os.getloadavg()[0]:.0f}, {_fenced(stack)} fenced so far, "
              f"status in {took:.1f} s", flush=True)  # fmt: skip


@contextmanager
def _load(count: int, seconds: float) -> Iterator[None]:
    """Each in a session of its own, so that it counts as much as any other work here."""
    children = [
        subprocess.Popen([sys.executable, "-c", _BUSY, str(seconds)], start_new_session=True)
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


def _fenced(stack: Stack) -> int:
    log = stack.state / "bench" / "bmc" / "resets.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    asked = [entry for line in lines if (entry := json.loads(line))["result"] == "started"]
    return sum(entry["type"] != "On" for entry in asked)


def _holder(stack: Stack) -> str:
    status = json.loads(stack.run("status", "-o", "json", code=None)[1])
    return ", ".join(status["floatingIP"]["holders"]) or "nobody"


def _written(stack: Stack, pattern: str, since: float) -> str:
    """How often each load balancer wrote it to its journal."""
    argv = ["journalctl", "--quiet", "--output=cat", f"--since=@{since:.0f}", "--case-sensitive",
            "--unit=corosync", "--unit=pacemaker", f"--grep={pattern}"]  # fmt: skip
    found = {m: stack.run("exec", m, "--", *argv, code=None)[1] for m in _BALANCERS}
    return ", ".join(f"{m} {len(text.splitlines())}" for m, text in found.items())


if __name__ == "__main__":
    main()
