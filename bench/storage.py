"""`make bench-storage`: the shared volume by type, with and without TLS, beside a local disk."""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.claims import claims
from bench.machine import describe
from bench.stack import Stack

_IO = (Path(__file__).parent / "volume_io.py").read_text()
_LOCAL, _SHARED = "/var/lib/kubelet", "/srv/shared"
_UNIT = "shared-volume.service"
_DRILLS = ("storage-killed", "storage-link-cut")
_HEAL_MIB = 512
_CLAIMS = 5
_WAIT = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--types", nargs="*", default=["replica", "arbiter", "disperse"])
    parser.add_argument("--runs", type=int, default=3, help="of each drill")
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("makes machines: needs root")
    print(describe())
    rows: list[tuple[str, dict[str, Any]]] = []
    lines: list[str] = []
    try:
        for number, kind in enumerate(chosen.types):
            _with_stack(
                kind, lambda stack, k=kind, n=number: _type(stack, k, n, chosen.runs, rows, lines)
            )
    finally:
        # What was measured before a type failed is told all the same.
        _table(rows)
        print("\n" + "\n".join(lines))
        print(describe())


def _with_stack(kind: str, work: Callable[[Stack], None]) -> None:
    directory = Path(tempfile.mkdtemp(prefix="ashore-bench-", dir="/var/tmp"))
    stack = Stack(directory, 1)
    stack.file.write_text(
        "apiVersion: ashore/v1\nkind: Stack\nname: bench\n"
        "network: {cidr: 10.92.0.0/24, uplink: none}\n"
        "machines:\n  controlplane: {count: 1}\n  worker: {count: 1}\n"
        f"storage: {{type: {kind}}}\n"
    )
    try:
        stack.up()
        work(stack)
    finally:
        stack.run("down")
        shutil.rmtree(directory)


def _type(
    stack: Stack,
    kind: str,
    number: int,
    runs: int,
    rows: list[tuple[str, dict[str, Any]]],
    lines: list[str],
) -> None:
    if number == 0:
        rows.append(("local disk", _io(stack, _LOCAL)))
        lines += claims(stack, _CLAIMS)
    rows.append((f"{kind}, TLS", _io(stack, _SHARED)))
    lines += [f"{kind}: {each}" for each in _drills(stack, runs)]
    lines.append(f"{kind}: {_HEAL_MIB} MiB healed in {_heal(stack):.1f} s")
    # Last: the next `up` would turn it on again.
    _without_tls(stack)
    rows.append((f"{kind}, no TLS", _io(stack, _SHARED)))


def _io(stack: Stack, place: str) -> dict[str, Any]:
    return json.loads(stack.run("exec", "w1", "--", "python3", "-I", "-c", _IO, place)[1])


def _drills(stack: Stack, runs: int) -> list[str]:
    """The longest stall of a writer in each run."""
    for _ in range(runs):
        stack.run("drill", "run", *_DRILLS, code=None)
    document = json.loads(stack.run("drill", "report", "-o", "json")[1])
    return [
        f"{drill['name']}: writer stalled {drill['gap']['median']:.2f} s,"
        f" {drill['gap']['worst']:.2f} s at worst of {drill['runs']}"
        for drill in document["drills"]
    ]


def _heal(stack: Stack) -> float:
    """Seconds from the power-on of a machine that missed writes until nothing is pending."""
    stack.run("power", "off", "st3")
    write = f"head -c {_HEAL_MIB}M /dev/urandom >{_SHARED}/missed && sync -f {_SHARED}/missed"
    stack.run("exec", "w1", "--", "sh", "-c", write)
    stack.run("power", "on", "st3")
    started = time.monotonic()
    while time.monotonic() - started < _WAIT:
        status = json.loads(stack.run("status", "-o", "json", code=None)[1])
        storage = next(m for m in status["machines"] if m["name"] == "st3")
        if storage["ready"] and status["storage"]["pending"] == 0 and not _away(status):
            break
    else:
        raise SystemExit(f"not healed within {_WAIT:.0f} s")
    seconds = time.monotonic() - started
    stack.run("exec", "w1", "--", "rm", f"{_SHARED}/missed")
    return seconds


def _away(status: Any) -> bool:
    return any(problem.startswith("shared volume") for problem in status["problems"])


def _without_tls(stack: Stack) -> None:
    gluster = ("exec", "st1", "--", "gluster", "--mode=script", "volume")
    stack.run(*gluster, "stop", "shared")
    stack.run(*gluster, "set", "shared", "client.ssl", "off", "server.ssl", "off")
    stack.run(*gluster, "start", "shared")
    stack.run("exec", "w1", "--", "systemctl", "restart", _UNIT)


def _table(rows: list[tuple[str, dict[str, Any]]]) -> None:
    print(
        f"\n{'':<18} {'fsync ms':>9} {'p95':>6} {'p99':>6} {'file ms':>8} {'p99':>6} {'MiB/s':>6}"
    )
    for name, found in rows:
        fsync, file = sorted(found["fsync"]), sorted(found["file"])
        print(
            f"{name:<18} {1000 * median(fsync):>9.2f} {_share(fsync, 0.95):>6.1f}"
            f" {_share(fsync, 0.99):>6.1f} {1000 * median(file):>8.2f} {_share(file, 0.99):>6.1f}"
            f" {found['rate']:>6.0f}"
        )


def _share(took: list[float], share: float) -> float:
    """Milliseconds that this share of the attempts did not exceed."""
    return 1000 * took[min(len(took) - 1, int(len(took) * share))]


if __name__ == "__main__":
    main()
