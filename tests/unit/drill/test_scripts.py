"""The scripts of drills in a real shell, with programs that only say what they were asked."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ashore.components.haproxy.render import CONFIG, configuration
from ashore.drill import catalogue
from ashore.drill.fault import Fault
from ashore.drill.faults.described import Commanded
from ashore.model.host import HostFacts
from ashore.model.load import default_stack

pytestmark = pytest.mark.spawns

EVERY: list[Fault] = [*catalogue.DRILLS.values(), *catalogue.SUITES["pacemaker"].values()]
COMMANDED = [fault for fault in EVERY if isinstance(fault, Commanded)]
ON = {"machine": "lb1", "other": "lb2"}


@pytest.mark.parametrize("fault", COMMANDED, ids=lambda fault: fault.name)
def test_every_script_is_one(fault: Commanded) -> None:
    for script in (fault.breaks, fault.mends, fault.remains):
        done = subprocess.run(
            ["sh", "-n", "-c", script.format(**ON)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@dataclass
class Machine:
    """A directory that takes the place of a load balancer.

    HAProxy serves the backends of `served`, which a reload takes from the
    configuration.
    """

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "haproxy.cfg"

    def program(self, name: str, script: str) -> None:
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, script: str) -> "subprocess.CompletedProcess[str]":
        made = script.format(**ON).replace(CONFIG, str(self.config))
        return subprocess.run(
            ["sh", "-c", made],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
            env={"PATH": f"{self.root / 'bin'}:/usr/bin:/bin"},
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.config.write_text(configuration(default_stack(), HostFacts(2, cap_sys_resource=True)))
    (tmp_path / "served").write_text(made.config.read_text())
    made.program("systemctl", f'echo "$*" >>{tmp_path}/asked; cp {made.config} {tmp_path}/served')
    made.program(
        "socat", f"sed -n 's/^  server \\([^ ]*\\).*/kubernetes,\\1,UP/p' {tmp_path}/served"
    )
    made.program("crm_resource", "exit 0")
    return made


def find(name: str) -> Commanded:
    found = catalogue.find(name)
    assert isinstance(found, Commanded)
    return found


def test_a_backend_is_taken_out_and_put_back_as_up_would(machine: Machine) -> None:
    fault, before = find("backends-changed"), machine.config.read_text()
    assert machine.run(fault.remains).stdout == ""
    assert machine.run(fault.breaks).returncode == 0
    after = machine.config.read_text()
    assert [line for line in before.splitlines() if line not in after.splitlines()] == [
        "  server cp3 10.77.0.23:6443"
    ]
    asked = (machine.root / "asked").read_text()
    assert asked == "try-reload-or-restart haproxy.service\n"
    assert "ashore-drill" in machine.run(fault.remains).stdout
    for _ in range(2):
        assert machine.run(fault.mends).returncode == 0
    assert machine.config.read_text() == before
    assert machine.run(fault.remains).stdout == ""


def test_a_reload_that_changes_nothing_is_no_pass(machine: Machine) -> None:
    machine.program("systemctl", "exit 0")
    done = machine.run(find("backends-changed").breaks)
    assert done.returncode == 1
    assert "does not have the backends" in done.stderr


@pytest.mark.parametrize(
    ("located", "failures", "said"),
    [
        ("lb2", 'op_key="haproxy_start_0"', ""),
        ("lb1", 'op_key="haproxy_start_0"', "the floating IP has not moved"),
        ("lb2", 'op_key="haproxy_monitor_1000"', "no start of HAProxy was refused"),
    ],
)
def test_the_cluster_must_have_moved_and_been_refused(
    machine: Machine, located: str, failures: str, said: str
) -> None:
    fault, before = find("haproxy-broken-config"), machine.config.read_text()
    machine.program("sleep", "exit 0")
    machine.program("crm_resource", f"echo resource floating-ip is running on: {located}")
    machine.program("crm_mon", f"echo '<failure {failures}/>'")
    done = machine.run(fault.breaks)
    assert (done.returncode, done.stderr.strip()) == (1 if said else 0, said)
    assert "nonsense here" in machine.config.read_text()
    assert "kill --signal=KILL haproxy.service" in (machine.root / "asked").read_text()
    assert str(machine.config) in machine.run(fault.remains).stdout
    assert machine.run(fault.mends).returncode == 0
    assert machine.config.read_text() == before
    assert machine.run(fault.remains).stdout == ""


def test_a_copy_that_was_interrupted_never_becomes_the_configuration(machine: Machine) -> None:
    before = machine.config.read_text()
    machine.config.with_name("haproxy.cfg.ashore-drill.new").write_text("half of")
    for name in ("haproxy-misconfigured", "haproxy-broken-config", "backends-changed"):
        assert machine.run(find(name).mends).returncode == 0
    assert machine.config.read_text() == before
    assert [path.name for path in machine.root.glob("haproxy.cfg*")] == ["haproxy.cfg"]
