import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from ashore.components.dnsmasq.render import servers
from ashore.components.servicenames.render import GROUP, corefile, fragment, manifest
from ashore.components.servicenames.steps import Answering
from ashore.model.types import NAMES_PORT
from tests.unit.components.fakes import FakeTransport
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent


def test_fragment() -> None:
    made = fragment(demo(), identity=b"identity\n", ca=b"ca\n")
    check(HERE, "gateway.txt", as_text(made))
    modes = {f.path: f.mode for f in made.files}
    assert modes["/etc/ashore/names/kubeconfig"] == 0o600


def test_manifest() -> None:
    check(HERE, "manifest.yaml", manifest().text)
    assert manifest().objects()[-1]["subjects"][0]["name"] == GROUP


def test_the_gateway_may_look_and_nothing_else() -> None:
    rules = manifest().objects()[0]["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"list", "watch"}


def test_machines_that_dnsmasq_does_not_know_are_denied_and_services_are_not() -> None:
    pattern = re.search(r'match "(.*)"', corefile(demo()))
    assert pattern
    denied = re.compile(pattern[1])
    assert denied.search("nosuch.demo.internal.")
    assert not denied.search("web.default.demo.internal.")
    assert not denied.search("demo.internal.")
    assert not denied.search("nosuch.demo-internal.")


def test_dnsmasq_asks_where_coredns_listens() -> None:
    assert servers(demo()).startswith(f"server=/demo.internal/127.0.0.1#{NAMES_PORT}\n")
    assert f"demo.internal:{NAMES_PORT} " in corefile(demo())
    assert "bind 127.0.0.1" in corefile(demo())


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ((7, ""), ["CoreDNS for the names of services does not run"]),
        ((0, "503"), ["CoreDNS has not seen the cluster's services"]),
        ((0, "200"), []),
    ],
)
async def test_what_the_gateway_says(answer: tuple[int, str], wrong: list[str]) -> None:
    transport = FakeTransport(lambda _: answer, "gw")
    assert await Answering(lambda _: transport, "gw").drift() == wrong


async def test_it_is_started_anew_and_waited_for() -> None:
    looks = ["503", "200"]

    def answer(argv: Sequence[str]) -> tuple[int, str]:
        return (0, looks.pop(0)) if argv[0] == "curl" else (0, "")

    transport = FakeTransport(answer, "gw")
    await Answering(lambda _: transport, "gw").apply()
    assert transport.asked[0] == ["systemctl", "restart", "ashore-names.service"]
    assert looks == []
