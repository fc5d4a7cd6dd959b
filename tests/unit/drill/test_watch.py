"""Reading the kernel's messages about addresses (rtnetlink(7))."""

import socket
import struct

from ashore.drill.watch import changes

WANTED = socket.inet_aton("10.77.0.10")


def message(kind: int, address: str, label: bytes = b"eth0\0") -> bytes:
    local = struct.pack("=HH", 8, 2) + socket.inet_aton(address)
    name = struct.pack("=HH", 4 + len(label), 3) + label
    body = struct.pack("=BBBBI", socket.AF_INET, 24, 0, 0, 7) + name + b"\0" * (-len(name) % 4)
    body += local
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def test_changes_of_one_address_in_order() -> None:
    data = message(20, "10.77.0.10") + message(20, "10.77.0.11") + message(21, "10.77.0.10")
    assert changes(data, WANTED) == [True, False]


def test_other_kinds_of_messages_do_not_matter() -> None:
    assert changes(message(16, "10.77.0.10"), WANTED) == []
    assert changes(struct.pack("=IHHIII", 20, 3, 0, 0, 0, 0), WANTED) == []


def test_what_is_cut_off_is_not_read() -> None:
    assert changes(message(20, "10.77.0.10")[:20], WANTED) == []
    assert changes(b"\0" * 40, WANTED) == []
    assert changes(b"", WANTED) == []
