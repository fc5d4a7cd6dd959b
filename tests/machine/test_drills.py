"""A short selection of drills: what must never happen does not, whatever the seconds.

The bounds in seconds that a drill has as well are for a machine of the user's
own; here only what a busy machine cannot excuse is asserted.
"""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query
import pytest

from tests.machine.conftest import DEADLINE, Ashore, eventually

# Checks of a drill that are no matter of speed.
SAFETY = (
    "the floating IP is on at most one machine",
    "no acknowledged write is missing",
    "nothing is left of the fault",
    "one DC",
    "the shared volume is healed",
    "every brick has the same",
)


def _latest(stack: Ashore, name: str) -> dict[str, Any]:
    kept = sorted((stack.state / stack.name / "drill" / "history").glob(f"*-{name}.json"))
    return json.loads(kept[-1].read_text())


@pytest.mark.parametrize(
    "name",
    [
        "holder-killed",
        "haproxy-hung",
        "link-cut",
        "balancers-parted",
        "etcd-member-lost",
        "storage-replaced",
    ],
)
def test_drill(stack: Ashore, name: str) -> None:
    stack.healthy()
    done = stack.run("drill run", name, seconds=400, code=None)
    assert done.returncode in (0, 5), done.stderr
    checks = _latest(stack, name)["checks"]
    safe = [c for c in checks if c["what"].startswith(SAFETY)]
    assert len(safe) >= 3, checks
    assert all(c["verdict"] == "pass" for c in safe), safe
    stack.healthy()


def test_report(stack: Ashore) -> None:
    page = stack.file.parent / "drills.html"
    stack.run("drill report", "--to", str(page))
    text = page.read_text()
    assert "holder-killed" in text
    assert "<svg" in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def _broken(stack: Ashore) -> subprocess.Popen[str]:
    """A drill whose fault is in force: the gateway's dnsmasq is stopped.

    For some seconds only, in which a busy computer may not come to start a program: so the
    name server itself is asked.
    """
    stack.healthy()
    drill = stack.start("drill run", "dns-stopped")
    try:
        eventually(
            "the fault is in force",
            lambda: drill.poll() is not None or (_pending(stack).exists() and not _answers()),
        )
        assert drill.poll() is None, drill.communicate()
    except BaseException:
        drill.kill()
        drill.communicate(timeout=DEADLINE)
        raise
    return drill


def _pending(stack: Ashore) -> Path:
    return stack.state / stack.name / "drill" / "pending.json"


def _answers() -> bool:
    query = dns.message.make_query("gw.test.internal", "A")
    try:
        dns.query.udp(query, "10.90.0.2", timeout=1)
    except (dns.exception.Timeout, OSError):
        return False
    return True


def _dns(stack: Ashore) -> str:
    return stack.exec("gw", "systemctl", "is-active", "dnsmasq.service", code=None).strip()


def test_ctrl_c_while_a_fault_is_in_force_undoes_it(stack: Ashore) -> None:
    drill = _broken(stack)
    drill.send_signal(signal.SIGINT)
    drill.communicate(timeout=DEADLINE)
    assert drill.returncode == 130
    assert _dns(stack) == "active"
    assert not _pending(stack).exists()


def test_a_drill_that_was_killed_is_healed_by_the_next_command(stack: Ashore) -> None:
    drill = _broken(stack)
    drill.kill()
    drill.communicate(timeout=DEADLINE)
    assert _dns(stack) == "inactive"
    said = stack.run("up", seconds=300).stderr
    assert "dns-stopped" in said
    assert _dns(stack) == "active"
    stack.healthy()


def test_an_unknown_drill(stack: Ashore) -> None:
    assert "no-such" in stack.run("drill run", "no-such", code=2).stderr


def test_a_stack_that_is_not_up_is_refused(small: Ashore) -> None:
    assert "not up" in small.run("drill run", "holder-killed", code=4).stderr
