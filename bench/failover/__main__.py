"""`make bench-failover`: gaps that a client sees, Ashore beside what people set up by hand."""

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median

from ashore.events import ignore
from ashore.image import rootfs
from ashore.state.paths import cache_root
from bench.failover.faults import FAULTS, Fault
from bench.failover.floor import Floor, image_of, keepalived_layer
from bench.failover.setups import ASHORE, SETUPS, Setup
from bench.failover.trial import Result, trial
from bench.machine import describe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each fault")
    parser.add_argument("--setup", nargs="*", default=[s.name for s in SETUPS])
    parser.add_argument("--fault", nargs="*", default=[f.name for f in FAULTS])
    parser.add_argument("--json", type=Path, help="write every run to this file")
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("makes machines: needs root")
    print(describe(), flush=True)
    setups = [s for s in SETUPS if s.name in chosen.setup]
    faults = [f for f in FAULTS if f.name in chosen.fault]
    directory = Path(tempfile.mkdtemp(prefix="ashore-bench-", dir="/var/tmp"))
    results: dict[str, dict[str, list[Result]]] = {}
    try:
        for setup in setups:
            results[setup.name] = asyncio.run(_measure(setup, faults, chosen.runs, directory))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    _print(results, faults)
    if chosen.json:
        chosen.json.write_text(json.dumps(_document(results), indent=1) + "\n")
    print(describe())


async def _measure(
    setup: Setup, faults: list[Fault], runs: int, directory: Path
) -> dict[str, list[Result]]:
    cache = cache_root()
    await rootfs.obtain(cache, ignore)
    image = image_of(cache, await keepalived_layer(cache))
    found: dict[str, list[Result]] = {}
    async with Floor(setup, directory / setup.name, image, ignore) as floor:
        if setup is ASHORE:
            print(f"fenced while it came up: {len(floor.resets())}")
        for fault in faults:
            found[fault.name] = []
            for _ in range(runs):
                began = time.monotonic()
                result = await trial(floor, fault)
                found[fault.name].append(result)
                took = time.monotonic() - began
                print(f"  {setup.name}, {fault.name}: {result} ({took:.0f} s)", flush=True)
    return found


def _print(results: dict[str, dict[str, list[Result]]], faults: list[Fault]) -> None:
    print("\nlongest gap that a client saw in seconds, median / worst; * without an end in the run")
    print(f"{'fault':<16}" + "".join(f"{name:>22}" for name in results) + f"{'aim':>8}  of aim")
    for fault in faults:
        line = f"{fault.name:<16}"
        for found in results.values():
            line += f"{_cell(found[fault.name]):>22}"
        if ASHORE.name in results:
            ours = median(r.gap for r in results[ASHORE.name][fault.name])
            line += f"{fault.aim:>8.2f} {ours / fault.aim:>6.2f}x"
        print(line)
    print("\nruns in which two machines held the floating IP at once (seconds at most)")
    for fault in faults:
        line = f"{fault.name:<16}"
        for found in results.values():
            both = [r.both for r in found[fault.name] if r.both > 0]
            cell = f"{len(both)} of {len(found[fault.name])}"
            line += f"{cell + (f' ({max(both):.2f})' if both else ''):>22}"
        print(line)


def _cell(found: list[Result]) -> str:
    gaps = [r.gap for r in found]
    ends = "*" if any(r.open for r in found) else ""
    return f"{median(gaps):.2f} / {max(gaps):.2f}{ends}"


def _document(results: dict[str, dict[str, list[Result]]]) -> dict[str, object]:
    return {
        "machine": describe(),
        "setups": {
            name: {fault: [asdict(r) for r in runs] for fault, runs in found.items()}
            for name, found in results.items()
        },
    }


if __name__ == "__main__":
    main()
