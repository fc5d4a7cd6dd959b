import shlex
from pathlib import Path

from ashore.bmc import process

GOLDEN = Path(__file__).parent / "golden"
PROGRAM = [
    "/opt/a b/python",
    "-I",
    "-m",
    "ashore.app.bmc",
    "--config",
    "/state/demo/config.json",
]
DEMO = process.service("demo")


def test_the_loop_of_a_host_without_systemd() -> None:
    group = Path("/sys/fs/cgroup/systemd/ashore-demo.bmc")
    text = DEMO.script(PROGRAM, group, Path("/state/demo/bmc/service.log"))
    assert text == (GOLDEN / "start").read_text()


def test_the_unit_of_a_host_with_systemd() -> None:
    lines = [shlex.quote(word) for word in DEMO.unit_argv(PROGRAM)]
    assert "\n".join(lines) + "\n" == (GOLDEN / "systemd-run").read_text()


def test_its_name_is_no_machine_s() -> None:
    # The driver takes ashore-STACK-MACHINE.service for machines.
    assert not DEMO.unit.startswith("ashore-demo-")
