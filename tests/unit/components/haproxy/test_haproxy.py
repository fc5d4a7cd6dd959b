from pathlib import Path

from ashore.components.haproxy.probe import Backend, backends, parse
from ashore.components.haproxy.render import MONITOR_PORT, agent, fragment
from tests.unit.components.fakes import FakeTransport
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent


def test_fragment() -> None:
    check(HERE, "fragment.txt", as_text(fragment(demo())))


def test_the_agent_asks_where_haproxy_answers() -> None:
    assert f'default="http://127.0.0.1:{MONITOR_PORT}/healthz"' in agent()
    assert f"monitor_url=http://127.0.0.1:{MONITOR_PORT}/healthz" in agent()


def test_backends_as_haproxy_prints_them() -> None:
    assert parse((HERE / "golden/show-stat.csv").read_text()) == (
        Backend("cp1", up=False, check="L4TOUT"),
        Backend("cp2", up=True, check="L7OK/200"),
        Backend("cp3", up=False, check="L4TOUT"),
    )


async def test_no_answer() -> None:
    assert await backends(lambda _: FakeTransport(lambda _: (1, "")), "lb1") is None
