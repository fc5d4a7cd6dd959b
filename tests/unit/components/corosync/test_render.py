from dataclasses import replace
from pathlib import Path

from ashore.components.corosync.keys import Keys
from ashore.components.corosync.render import configuration, fragment, gateway, has_device
from ashore.model.host import HostFacts
from ashore.model.types import Role
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent
FACTS = HostFacts(cgroup=2, cap_sys_resource=True)
KEYS = Keys(b"(authkey)\n", b"(qnetd)\n", b"(qdevice)\n")


def test_load_balancer() -> None:
    check(HERE, "loadbalancer.txt", as_text(fragment(demo(), KEYS, FACTS)))


def test_gateway() -> None:
    check(HERE, "gateway.txt", as_text(gateway(KEYS)))


def test_a_single_load_balancer_has_no_quorum_device() -> None:
    stack = demo()
    single = replace(stack, machines=tuple(m for m in stack.machines if m.name != "lb2"))
    assert len(single.of_role(Role.LOADBALANCER)) == 1
    assert not has_device(single)
    assert "device" not in configuration(single, FACTS)
    assert fragment(single, KEYS, FACTS).enable == ("corosync.service",)


def test_slow_machines_are_given_as_many_times_as_long() -> None:
    slow = configuration(demo(), replace(FACTS, patience=9.5)).split()
    times = [slow[slow.index(name) + 1] for name in ("token:", "consensus:", "timeout:")]
    assert times == ["5000", "2000", "10000"]
