"""The pair under the floating IP: fence devices, the BMC behind them, and who asked."""

import os
import signal
import ssl
import urllib.request
from pathlib import Path

import pytest

from tests.machine.conftest import Ashore, eventually


def _processes(stack: Ashore) -> list[int]:
    """The Redfish service itself, without the loop that starts it again."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue  # it ended while we looked
            if b"ashore.app.bmc" in line and f"/{stack.name}/".encode() in line:
                found.append(int(entry.name))
    return [pid for pid in found if b"setsid" not in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_up_fences_nobody(stack: Ashore) -> None:
    assert stack.fenced_by_up == []


def test_every_balancer_has_a_fence_device_that_runs_elsewhere(stack: Ashore) -> None:
    resources = stack.json("status")["loadBalancers"]["resources"]
    where = {r["name"]: r["machine"] for r in resources if r["name"].startswith("fence-")}
    assert where == {"fence-lb1": "lb2", "fence-lb2": "lb1"}


def test_the_service_comes_back_when_it_is_killed(stack: Ashore) -> None:
    (before,) = _processes(stack)
    os.kill(before, signal.SIGKILL)
    eventually("another process", lambda: [p for p in _processes(stack) if p != before])
    eventually("nothing to change", lambda: stack.run("plan").stdout.count("nothing to") == 1)


def test_without_an_account_nothing_is_told(stack: Ashore) -> None:
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    url = "https://10.90.0.3:8443/redfish/v1/Systems/lb1"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, context=unverified, timeout=10)
    assert refused.value.code == 401


def test_a_hung_balancer_is_fenced_before_its_address_moves(stack: Ashore) -> None:
    (holder,) = stack.json("status")["floatingIP"]["holders"]
    asked = len(stack.resets())
    # Everything on it stops where it is: only fencing makes the address safe to take.
    done = stack.run("drill run", "holder-frozen", seconds=300, code=None)
    assert done.returncode in (0, 5), done.stderr
    new = stack.resets()[asked:]
    assert any(r["machine"] == holder and r["account"] == holder for r in new), new
    stack.healthy()


def test_a_fenced_balancer_is_powered_on_again(stack: Ashore) -> None:
    stack.healthy()
    (holder,) = stack.json("status")["floatingIP"]["holders"]
    asked = len(stack.resets())
    stack.run("exec", holder, "--", "systemctl", "kill", "--signal=STOP", "corosync.service")
    # Nobody mends it: the cluster has to power it off, and the alert agent on again.
    eventually(
        "powered off and on",
        lambda: {"ForceOff", "On"} <= {r["type"] for r in stack.resets()[asked:]},
    )
    assert {r["machine"] for r in stack.resets()[asked:]} == {holder}
    stack.healthy()


def test_power_verb(stack: Ashore) -> None:
    assert stack.run("power", "status", "w2").stdout.strip() == "on"
    try:
        assert stack.run("power", "off", "w2").stdout.strip() == "off"
        machines = {m["name"]: m for m in stack.json("status", code=4)["machines"]}
        assert machines["w2"]["power"] == "off"
    finally:
        assert stack.run("power", "on", "w2").stdout.strip() == "on"
        stack.up()
    stack.healthy()


def test_power_of_an_unknown_machine(stack: Ashore) -> None:
    assert "no machine w9" in stack.run("power", "off", "w9", code=2).stderr
