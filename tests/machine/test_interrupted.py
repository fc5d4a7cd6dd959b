"""`up` killed at several points, `down` from wherever that was, and a host reboot."""

import json
import shutil
import signal

import pytest

from tests.machine.conftest import DEADLINE, UP_SECONDS, Ashore, eventually
from tests.machine.leftovers import snapshot


@pytest.mark.parametrize("layer", ["fabric", "machines", "control planes"])
def test_killed_up_is_run_again(small: Ashore, layer: str) -> None:
    process = small.start("up", "-o", "json")
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "StepStarted" and event["layer"] == layer:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=DEADLINE)
    assert process.returncode == -signal.SIGKILL
    small.up()
    status = small.healthy()
    assert status["kubernetes"]["ready"] == 2


def test_half_made_stack_goes_down_without_its_state(small: Ashore) -> None:
    before = snapshot(small.name)
    process = small.start("up", "-o", "json")
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "StepStarted" and event["layer"] == "load balancers":
            process.send_signal(signal.SIGINT)
            break
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    lost = small.state.with_name("lost")
    (small.state / small.name).rename(lost)
    small.run("down", seconds=120)
    assert not snapshot(small.name).beyond(before)
    shutil.rmtree(lost)


def test_host_reboot(small: Ashore) -> None:
    """All machines gone at once; the same stack comes back with addresses and data."""
    small.run("up", seconds=UP_SECONDS)
    addresses = {m["name"]: m["address"] for m in small.json("status")["machines"]}
    small.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    small.reboot_host()
    eventually(
        "all off",
        lambda: all(m["power"] == "off" for m in small.json("status", code=None)["machines"]),
    )
    small.run("up", seconds=UP_SECONDS)
    status = small.healthy()
    assert {m["name"]: m["address"] for m in status["machines"]} == addresses
    assert "b" in small.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.a}")
