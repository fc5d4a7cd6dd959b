"""The stack follows its file, and mends itself when `up` is run again."""

import json
import os
import signal
from pathlib import Path

from tests.machine.conftest import FULL, Ashore, eventually


def _set(stack: Ashore, old: str, new: str) -> None:
    stack.file.write_text(stack.file.read_text().replace(old, new))


def _changed(stack: Ashore) -> set[str | None]:
    """The machines whose steps changed something in an `up`."""
    lines = stack.run("up", "-o", "json", seconds=600).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    return {e["machine"] for e in events if e["event"] == "StepDone" and e["changed"]}


def test_grow_and_shrink(stack: Ashore) -> None:
    before = stack.json("status")["machines"]
    _set(stack, "worker: {count: 2}", "worker: {count: 3}")
    try:
        assert {c["machine"] for c in stack.json("plan")["changes"]} >= {"w3"}
        assert _changed(stack) <= {"w3", "gw", None}
        grown = stack.json("status")
        assert grown["kubernetes"]["ready"] == 6
        addresses = {m["name"]: m["address"] for m in grown["machines"]}
        assert all(addresses[m["name"]] == m["address"] for m in before)
    finally:
        stack.file.write_text(
            stack.file.read_text()
            .replace("{count: 3}\n", "{count: 2}\n", 2)
            .replace("controlplane: {count: 2}", "controlplane: {count: 3}")
        )
        assert FULL in stack.file.read_text()
        stack.up()
    nodes = json.loads(stack.kubectl("get", "nodes", "-o", "json"))["items"]
    assert {n["metadata"]["name"] for n in nodes} == {"cp1", "cp2", "cp3", "w1", "w2"}
    assert stack.json("plan") == {"changes": []}


def _init_pid(stack: Ashore, machine: str) -> int:
    """The machine's process 1, as the host numbers it."""
    cgroup = f"ashore-{stack.name}"
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "status").read_text()
            where = (entry / "cgroup").read_text()
        except OSError:
            continue
        numbers = next((x for x in status.splitlines() if x.startswith("NSpid:")), "").split()
        if f"{cgroup}/{machine}" in where and len(numbers) == 3 and numbers[2] == "1":
            return int(entry.name)
    raise AssertionError(f"no process 1 of {machine}")


def test_a_killed_machine_is_mended(stack: Ashore) -> None:
    address = {m["name"]: m["address"] for m in stack.json("status")["machines"]}["w2"]
    os.kill(_init_pid(stack, "w2"), signal.SIGKILL)

    def seen() -> bool:
        machines = stack.json("status", code=None)["machines"]
        return not next(m for m in machines if m["name"] == "w2")["ready"]

    eventually("status shows w2 down", seen)
    assert any(c["machine"] == "w2" for c in stack.json("plan")["changes"])
    stack.up()
    status = stack.healthy()
    assert {m["name"]: m["address"] for m in status["machines"]}["w2"] == address


def test_a_second_up_at_once_is_refused(stack: Ashore) -> None:
    first = stack.start("up")
    lock = stack.state / ".locks" / stack.name
    try:
        eventually("the lock", lambda: lock.exists() or first.poll() is not None)
        # Held while it stands still, so that the second one cannot come too late.
        first.send_signal(signal.SIGSTOP)
        assert first.poll() is None
        refused = stack.run("up", code=1)
        assert f"process {first.pid}" in refused.stderr
    finally:
        first.send_signal(signal.SIGCONT)
        out, err = first.communicate(timeout=600)
    assert first.returncode == 0, out + err
