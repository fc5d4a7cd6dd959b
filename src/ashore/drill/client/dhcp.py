"""As much of DHCP (RFC 2131 and 2132) as a client with one lease needs. Pure."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address

SERVER_PORT, CLIENT_PORT = 67, 68

_HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
_COOKIE = b"\x63\x82\x53\x63"
_REQUEST, _REPLY, _ETHERNET = 1, 2, 1
_BROADCAST = 0x8000
_NOWHERE = IPv4Address(0)

# Options of RFC 2132.
_PAD, _END = 0, 255
_REQUESTED, _KIND, _SERVER = 50, 53, 54


class Kind(IntEnum):
    """The types of messages."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    ACK = 5
    NAK = 6
    RELEASE = 7


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        number: chosen by the client; an answer carries the same (`xid`).
        hardware: the client's link address, 6 bytes.
        current: the address that the client has and answers to (`ciaddr`).
        given: the address that the server gives (`yiaddr`).
        requested: the address that a client without one asks for.
        server: who answers, or who is meant.
    """

    kind: Kind
    number: int
    hardware: bytes
    current: IPv4Address = _NOWHERE
    given: IPv4Address = _NOWHERE
    requested: IPv4Address | None = None
    server: IPv4Address | None = None

    def packed(self) -> bytes:
        """The bytes of a client's message.

        Who has no address asks for an answer to everybody.
        """
        flags = _BROADCAST if self.current == _NOWHERE else 0
        head = _HEADER.pack(
            _REQUEST, _ETHERNET, len(self.hardware), 0, self.number, 0, flags,
            self.current.packed, self.given.packed, _NOWHERE.packed, _NOWHERE.packed,
            self.hardware, b"", b"", _COOKIE,
        )  # fmt: skip
        options = bytes([_KIND, 1, self.kind])
        for code, address in ((_REQUESTED, self.requested), (_SERVER, self.server)):
            if address is not None:
                options += bytes([code, 4]) + address.packed
        return head + options + bytes([_END])


def parse(data: bytes) -> Message | None:
    """A server's message; None for anything else."""
    if len(data) < _HEADER.size:
        return None
    op, _, length, _, number, _, _, current, given, _, _, hardware, _, _, cookie = (
        _HEADER.unpack_from(data)
    )
    options = _options(data[_HEADER.size :])
    kind = options.get(_KIND, b"")
    if op != _REPLY or cookie != _COOKIE or len(kind) != 1 or kind[0] not in set(Kind):
        return None
    server = options.get(_SERVER, b"")
    return Message(
        Kind(kind[0]),
        number,
        hardware[:length],
        IPv4Address(current),
        IPv4Address(given),
        server=IPv4Address(server) if len(server) == 4 else None,
    )


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 1 < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        length = data[at + 1]
        found[data[at]] = data[at + 2 : at + 2 + length]
        at += 2 + length
    return found
