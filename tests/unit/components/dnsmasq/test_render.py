from dataclasses import replace
from pathlib import Path

from ashore.components.dnsmasq.render import (
    configuration,
    dhcp_hosts,
    fragment,
    hosts,
    servers,
    way_out,
)
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

REREAD = "/usr/local/libexec/ashore/dnsmasq-reread"
HERE = Path(__file__).parent


def test_without_an_uplink_nothing_is_forwarded() -> None:
    check(HERE, "closed.txt", as_text(fragment(demo(), None)))


def test_with_an_uplink() -> None:
    check(HERE, "uplink.txt", as_text(fragment(demo(), ("192.0.2.53", "192.0.2.54"))))


def test_a_gateway_with_a_way_out_of_its_own_gets_no_other() -> None:
    assert "192.0.2.53" in configuration(replace(demo(), driver="virtualbox"), ("192.0.2.53",))
    assert way_out(demo()) == "[Route]\nGateway=10.77.0.1\n"
    assert way_out(replace(demo(), driver="virtualbox")) == ""


def test_a_machine_more_changes_only_the_files_that_are_reread() -> None:
    before, after = fragment(demo(), None), fragment(demo(workers=3), None)
    changed = [
        (old.path.rsplit("/")[-1], new.notify)
        for old, new in zip(before.files, after.files, strict=True)
        if old.content != new.content
    ]
    assert changed == [
        ("dhcp-hosts", REREAD),
        ("hosts", REREAD),
        ("servers", REREAD),
    ]


def test_every_machine_has_a_name_and_all_but_the_gateway_a_lease() -> None:
    stack = demo()
    # And so have the floating IP and the registry.
    assert hosts(stack).count("\n") == len(stack.machines) + 2
    assert dhcp_hosts(stack).count("infinite") == len(stack.machines) - 1


def test_machines_are_asked_of_nobody_else() -> None:
    lines = servers(demo()).splitlines()
    assert "server=/cp1.demo.internal/" in lines
    assert "server=/api.demo.internal/" in lines
    assert "server=/registry.demo.internal/" in lines
    assert len(lines) == len(demo().machines) + 3
