"""DHCP as RFC 2131 has it, and what is said of a lease."""

from ipaddress import IPv4Address

import pytest

from ashore.drill.audits import lease
from ashore.drill.client.dhcp import Kind, Message, parse
from ashore.drill.client.lease import MOVED
from ashore.drill.gaps import Sample
from ashore.drill.verdict import Verdict

MAC = bytes.fromhex("02a1b2c3d4e5")
COOKIE = bytes.fromhex("63825363")
GIVEN = IPv4Address("10.77.0.200")
SERVER = IPv4Address("10.77.0.2")


def reply(kind: int, options: bytes = b"", *, op: int = 2, cookie: bytes = COOKIE) -> bytes:
    """A server's message, put together by hand."""
    head = bytes([op, 1, 6, 0]) + (7).to_bytes(4) + bytes(4) + bytes(4) + GIVEN.packed + bytes(8)
    return head + MAC.ljust(16, b"\0") + bytes(192) + cookie + bytes([53, 1, kind]) + options


def test_who_has_no_address_asks_for_an_answer_to_everybody() -> None:
    sent = Message(Kind.DISCOVER, 7, MAC).packed()
    assert sent[:4] == b"\x01\x01\x06\x00"
    assert sent[4:8] == b"\0\0\0\x07"
    assert sent[10:12] == b"\x80\x00"
    assert sent[28:44] == MAC.ljust(16, b"\0")
    assert sent[236:240] == COOKIE
    assert sent[240:] == b"\x35\x01\x01\xff"


def test_an_offer_is_taken_by_naming_it_and_its_server() -> None:
    sent = Message(Kind.REQUEST, 7, MAC, requested=GIVEN, server=SERVER).packed()
    assert sent[12:16] == bytes(4)
    assert (
        sent[240:] == b"\x35\x01\x03\x32\x04" + GIVEN.packed + b"\x36\x04" + SERVER.packed + b"\xff"
    )


def test_a_renewal_names_the_address_that_the_client_has_and_no_other() -> None:
    sent = Message(Kind.REQUEST, 7, MAC, current=GIVEN).packed()
    assert sent[10:12] == b"\0\0"
    assert sent[12:16] == GIVEN.packed
    assert sent[240:] == b"\x35\x01\x03\xff"


def test_an_answer_is_read() -> None:
    found = parse(
        reply(5, b"\0\0" + b"\x01\x04\xff\xff\xff\0" + b"\x36\x04" + SERVER.packed + b"\xff")
    )
    assert found == Message(Kind.ACK, 7, MAC, given=GIVEN, server=SERVER)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x02" * 100, reply(5, op=1), reply(5, cookie=bytes(4)), reply(99), reply(5)[:241]],
)
def test_what_is_no_answer_is_none(data: bytes) -> None:
    assert parse(data) is None


def renewals(*outcomes: str, detail: str = "10.77.0.200") -> list[Sample]:
    return [Sample(i, i, i + 0.01, said, "" if said else detail) for i, said in enumerate(outcomes)]


def test_a_lease_that_kept_its_address() -> None:
    seen = lease.check(renewals("", "", "refused", "refused", ""))
    assert seen.verdict is Verdict.PASS
    assert seen.detail == "10.77.0.200, 3 renewals, 2 failed"


@pytest.mark.parametrize(
    ("samples", "verdict"),
    [
        ([], Verdict.UNKNOWN),
        (renewals("timed out"), Verdict.UNKNOWN),
        (renewals("", "refused"), Verdict.FAIL),
        (renewals("", f"{MOVED}: 10.77.0.201 instead of 10.77.0.200", ""), Verdict.FAIL),
        ([*renewals("", ""), *renewals("", detail="10.77.0.201")], Verdict.FAIL),
    ],
)
def test_a_lease_that_did_not(samples: list[Sample], verdict: Verdict) -> None:
    assert lease.check(samples).verdict is verdict
