"""What lays this computer's link into a stack, and what is missing of it."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from ashore.drivers.virtualbox import tunnel
from ashore.drivers.virtualbox.names import Names
from ashore.drivers.virtualbox.tunnel import Tunnel
from ashore.errors import AshoreError
from ashore.host import links
from ashore.host.links import Link
from ashore.host.service import Service
from ashore.transport.ssh import Login, Way
from tests.unit.components.golden import check
from tests.unit.drivers.virtualbox.stacks import STACK

HERE = Path(__file__).parent
DEMO = Names("demo")
WAY = Way("gw", IPv4Address("127.0.0.1"), Path("/state/gw/ssh.sock"), port=DEMO.ssh_port)
LOGIN = Login(Path("/secrets/user"), Path("/files/known_hosts"))
LINK = Link(
    name=DEMO.link,
    mac="",
    up=True,
    carrier=False,
    master="",
    alias="ashore:demo",
    kind="tun",
    addresses=(IPv4Interface("10.79.213.1/24"), IPv4Interface("10.79.213.3/32")),
)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> dict[str, Link]:
    """The links of this computer; something runs that keeps the tunnel up."""
    found = {LINK.name: LINK}

    async def of_the_host(netns: str | None = None) -> dict[str, Link]:
        return found

    monkeypatch.setattr(links, "links", of_the_host)
    monkeypatch.setattr(Service, "kept", kept)
    return found


async def kept(_self: Service) -> bool:
    return True


async def not_kept(_self: Service) -> bool:
    return False


@pytest.fixture
def laid(tmp_path: Path) -> Tunnel:
    text = tunnel.program(DEMO, STACK.network, WAY, LOGIN)
    (tmp_path / "tunnel.sh").write_text(text)
    return Tunnel(DEMO, STACK.network, tmp_path)


def test_the_program() -> None:
    check(HERE, "tunnel.sh", tunnel.program(DEMO, STACK.network, WAY, LOGIN))


def test_names_that_the_kernel_takes_and_no_machine_has() -> None:
    assert len(Names("a" * 32).link) <= 15
    assert not tunnel.service("demo").name.startswith("ashore-demo-")


async def test_it_is_in_place_whether_the_gateway_answers_or_not(
    laid: Tunnel, there: dict[str, Link]
) -> None:
    assert await laid.drift(WAY, lambda: LOGIN) == []
    there[LINK.name] = replace(LINK, carrier=True)
    assert await laid.drift(WAY, lambda: LOGIN) == []


async def test_what_is_missing(
    laid: Tunnel, there: dict[str, Link], monkeypatch: pytest.MonkeyPatch
) -> None:
    there[LINK.name] = replace(LINK, addresses=LINK.addresses[:1])
    assert await laid.drift(WAY, lambda: LOGIN) == [f"{LINK.name} has no address 10.79.213.3/32"]
    there[LINK.name] = LINK
    other = replace(LOGIN, key=Path("/elsewhere/user"))
    (differs,) = await laid.drift(WAY, lambda: other)
    assert differs == "the tunnel to the gateway is laid by another command"
    monkeypatch.setattr(Service, "kept", not_kept)
    (differs,) = await laid.drift(WAY, lambda: LOGIN)
    assert differs == "nothing keeps the tunnel to the gateway up"
    there.clear()
    (differs,) = await laid.drift(WAY, lambda: LOGIN)
    assert differs == f"no link {LINK.name} into the stack on the host"


async def test_somebody_elses_link_of_that_name_stays(
    laid: Tunnel, there: dict[str, Link], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none() -> list[links.Route]:
        return []

    async def ended(service: Service) -> None:
        assert service.name == "ashore-demo.tunnel"

    monkeypatch.setattr(links, "routes", none)
    monkeypatch.setattr(Service, "stop", ended)
    there[LINK.name] = replace(LINK, alias="mine")
    with pytest.raises(AshoreError, match=f"an interface {LINK.name} that is not the stack's"):
        await laid.apply(WAY, lambda: LOGIN)
