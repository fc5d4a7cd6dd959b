"""Writes to the shared volume and tells what was acknowledged.

It runs on a worker, as the text of `python3 -c`: standard library only, nothing
of ours. A write that the volume holds up cannot be given up, so there is no
deadline; whoever started it ends it by closing its standard input.
"""

import hashlib
import json
import os
import select
import sys
import time
from pathlib import Path

_IN_A_FILE = 100  # records


def record(seed: str, number: int) -> str:
    """What is written: a line that proves by itself that it is whole."""
    digest = hashlib.sha256(f"{seed} {number}".encode()).hexdigest()
    return f"{number:08d} {digest}"


def write(directory: str, seed: str, number: int) -> str:
    """Append one record and wait until the volume has it; returns the record."""
    line = record(seed, number)
    path = f"{directory}/{number // _IN_A_FILE:06d}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return line


def main() -> None:
    """Write every `interval` seconds, or when the former write has ended."""
    wish = json.loads(sys.stdin.readline())
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except OSError as error:
        sys.stderr.write(f"it runs with everybody's priority: {error}\n")
    directory, seed, interval = wish["directory"], wish["seed"], wish["interval"]
    Path(directory).mkdir(parents=True, exist_ok=True)
    number, planned = 0, time.monotonic()
    ends = planned + wish["seconds"]
    while planned < ends:
        over, _, _ = select.select([sys.stdin], [], [], max(0.0, planned - time.monotonic()))
        if over:
            return
        number += 1
        started, outcome, detail = time.monotonic(), "", ""
        try:
            detail = write(directory, seed, number)
        except OSError as error:
            outcome = error.strerror or "error"
        ended = time.monotonic()
        line = [wish["name"], planned, started, ended, outcome, detail]
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        planned = max(planned + interval, ended)


if __name__ == "__main__":
    main()
