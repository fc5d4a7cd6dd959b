import subprocess
from pathlib import Path

import pytest

from ashore.components.haproxy.probe import Backend, backends, parse
from ashore.components.haproxy.render import MONITOR_PORT, agent, fragment
from ashore.model.host import HostFacts
from tests.unit.components.fakes import FakeTransport
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent
FACTS = HostFacts(cgroup=2, cap_sys_resource=True)


def test_fragment() -> None:
    check(HERE, "fragment.txt", as_text(fragment(demo(), FACTS)))


def test_the_agent_asks_where_haproxy_answers() -> None:
    assert f'default="http://127.0.0.1:{MONITOR_PORT}/healthz"' in agent()
    assert f"monitor_url=http://127.0.0.1:{MONITOR_PORT}/healthz" in agent()


@pytest.mark.spawns
@pytest.mark.parametrize(
    ("valid", "code", "asked"), [(True, 0, ["start haproxy.service"]), (False, 1, [])]
)
def test_the_agent_does_not_start_what_systemd_would_try_for_ever(
    tmp_path: Path, valid: bool, code: int, asked: list[str]
) -> None:
    programs = {
        "haproxy": f"exit {0 if valid else 1}",
        "systemctl": f'echo "$*" >>{tmp_path}/asked',
        "curl": "exit 0",
    }
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", agent(), "haproxy", "start"],
        check=False,
        capture_output=True,
        timeout=30,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    log = tmp_path / "asked"
    assert (done.returncode, log.read_text().splitlines() if log.exists() else []) == (code, asked)


def test_backends_as_haproxy_prints_them() -> None:
    assert parse((HERE / "golden/show-stat.csv").read_text()) == (
        Backend("cp1", up=False, check="L4TOUT"),
        Backend("cp2", up=True, check="L7OK/200"),
        Backend("cp3", up=False, check="L4TOUT"),
    )


async def test_no_answer() -> None:
    assert await backends(lambda _: FakeTransport(lambda _: (1, "")), "lb1") is None
