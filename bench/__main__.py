"""`make bench`: seconds of every verb that users wait for, memory, and what growth costs."""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.machine import available
from bench.stack import Stack, own_stack

# What the issue aims at, in seconds.
AIMS = {
    "up, warm": 30.0,
    "up, nothing to do": 2.0,
    "plan": 2.0,
    "status": 0.5,
    "down": 5.0,
    "--help": 0.3,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of the whole cycle")
    parser.add_argument("--growth", type=int, nargs="*", default=[2, 8, 16], help="worker counts")
    chosen = parser.parse_args()
    with own_stack(2) as stack:
        _verbs(stack, chosen.runs)
        if chosen.growth:
            _growth(stack, chosen.growth)


def _verbs(stack: Stack, runs: int) -> None:
    took: dict[str, list[float]] = {name: [] for name in AIMS}
    bare: list[float] = []
    memory: list[float] = []
    stack.up()  # fills the caches of image and page
    stack.run("down")
    path: list[tuple[str, float]] = []
    for _ in range(runs):
        before = available()
        up = stack.up()
        path = up.path
        took["up, warm"].append(up.seconds)
        bare.append(up.commands)
        memory.append(before - available())
        took["up, nothing to do"].append(stack.up().seconds)
        for verb in ("plan", "status"):
            took[verb].append(stack.run(verb)[0])
        took["--help"].append(_help())
        took["down"].append(stack.run("down")[0])
    print(f"\n{'verb':<20} {'median s':>9} {'best':>7} {'worst':>7} {'aim':>6}  of aim")
    for name, seconds in took.items():
        ratio = median(seconds) / AIMS[name]
        print(
            f"{name:<20} {median(seconds):>9.2f} {min(seconds):>7.2f} {max(seconds):>7.2f}"
            f" {AIMS[name]:>6.1f} {ratio:>6.2f}x"
        )
    print(f"\ncommands on the critical path of `up`: {median(bare):.1f} s,"
          f" of {median(took['up, warm']):.1f} s in all")  # fmt: skip
    print(f"memory of the whole stack: {median(memory):.0f} MiB")
    print("critical path of the last run:")
    for name, seconds in path:
        print(f"  {seconds:>6.1f} s  {name}")


def _help() -> float:
    started = time.monotonic()
    subprocess.run([str(Path(sys.executable).parent / "ashore"), "--help"], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    return time.monotonic() - started


def _growth(stack: Stack, counts: list[int]) -> None:
    print(f"\n{'workers':>7} {'up s':>7} {'s each':>7} {'MiB each':>9}")
    stack.workers(0)
    stack.up()
    before, had = available(), 0
    for count in counts:
        stack.workers(count)
        up = stack.up()
        now, more = available(), count - had
        print(
            f"{count:>7} {up.seconds:>7.1f} {up.seconds / more:>7.2f} {(before - now) / more:>9.0f}"
        )
        before, had = now, count


if __name__ == "__main__":
    main()
