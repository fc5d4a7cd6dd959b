import pytest

from ashore.components.dnsmasq.probe import serving
from tests.unit.components.fakes import FakeTransport

HEAD = "   sl  local_address rem_address   st tx_queue rx_queue\n"
DHCP = "  1: 00000000:0043 00000000:0000 07 00000000:00000000\n"
DNS = "  2: 02004D0A:0035 00000000:0000 07 00000000:00000000\n"
STUB = "  3: 3500007F:0035 00000000:0000 07 00000000:00000000\n"


@pytest.mark.parametrize(
    ("sockets", "missing"),
    [
        (DHCP + DNS, ""),
        (DNS, "nothing listens for DHCP"),
        (DHCP + STUB, "nothing listens for DNS"),
        ("", "nothing listens for DHCP and DNS"),
    ],
)
async def test_serving(sockets: str, missing: str) -> None:
    transport = FakeTransport(lambda _: (0, HEAD + sockets))
    assert await serving(lambda _: transport, "gw") == missing
