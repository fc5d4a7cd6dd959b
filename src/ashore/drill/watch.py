"""`python -m ashore.drill.watch`: when which machine has an address, from the kernel itself.

Reads one line of JSON: {"address", "interval", "namespaces": {machine: path}}.
The kernel reports every change in a network namespace; it happened between the
look before and the look that found it. So each line that is written,
{"machine", "holds", "after", "before"}, brackets the moment by two readings of
the monotonic clock. A machine that is switched off loses its namespace and
with it the address. Ends when its standard input closes.
"""

import contextlib
import ctypes
import errno
import json
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

from ashore.drill.client.first import go_first

# rtnetlink(7) and linux/rtnetlink.h.
_NEWADDR, _DELADDR, _GETADDR, _ERROR, _DONE = 20, 21, 22, 2, 3
_GROUP_IPV4 = 0x10
_REQUEST_DUMP = 0x301
_LOCAL = 2
_HEADER, _ADDRESS, _ATTRIBUTE = (
    struct.Struct("=IHHII"), struct.Struct("=BBBBI"), struct.Struct("=HH"),
)  # fmt: skip
_CLONE_NEWNET = 0x40000000


def changes(data: bytes, wanted: bytes) -> list[bool]:
    """The messages about one address, in order: True where it came, False where it went."""
    found: list[bool] = []
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            break
        if kind in (_NEWADDR, _DELADDR) and _local(data[offset : offset + length]) == wanted:
            found.append(kind == _NEWADDR)
        offset += (length + 3) & ~3
    return found


def _local(message: bytes) -> bytes | None:
    offset = _HEADER.size + _ADDRESS.size
    while offset + _ATTRIBUTE.size <= len(message):
        length, kind = _ATTRIBUTE.unpack_from(message, offset)
        if length < _ATTRIBUTE.size:
            return None
        if kind == _LOCAL:
            return message[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    return None


class Machine:
    """One machine's namespace, followed through power cycles."""

    def __init__(self, path: Path, address: bytes) -> None:
        self._path = path
        self._address = address
        self._events: socket.socket | None = None
        self._inode = 0
        self.holds = False

    def look(self) -> list[bool]:
        """Every change since the last look."""
        seen: list[bool] = []
        inode = self._current()
        if self._events is not None:
            seen += self._drain()
            if inode != self._inode:
                self._events.close()
                self._events = None
                seen.append(False)
        if self._events is None and inode:
            self._open(inode)
            seen.append(self._dump())
        return self._settle(seen)

    def _settle(self, seen: list[bool]) -> list[bool]:
        changed: list[bool] = []
        for holds in seen:
            if holds != self.holds:
                changed.append(holds)
                self.holds = holds
        return changed

    def fileno(self) -> int | None:
        """What becomes readable when something changes; None while the machine is off."""
        return None if self._events is None else self._events.fileno()

    def _current(self) -> int:
        try:
            return self._path.stat().st_ino
        except OSError:
            return 0

    def _open(self, inode: int) -> None:
        """Open sockets in the namespace; a file that is not a namespace yet is tried again."""
        try:
            with _inside(self._path):
                self._events = _netlink(_GROUP_IPV4)
                self._query = _netlink(0)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOENT):
                raise
            return
        self._events.setblocking(False)
        self._inode = inode

    def _drain(self) -> list[bool]:
        seen: list[bool] = []
        assert self._events is not None  # noqa: S101
        while True:
            try:
                seen += changes(self._events.recv(1 << 16), self._address)
            except BlockingIOError:
                return seen
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                # Messages were lost: what is there now is certain.
                seen.append(self._dump())

    def _dump(self) -> bool:
        if self._events is None:
            return False
        body = _ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0)
        length = _HEADER.size + len(body)
        self._query.send(_HEADER.pack(length, _GETADDR, _REQUEST_DUMP, 1, 0) + body)
        there = False
        while True:
            data = self._query.recv(1 << 16)
            there = there or any(changes(data, self._address))
            if _last(data):
                return there


def _last(data: bytes) -> bool:
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        if kind in (_DONE, _ERROR):
            return True
        offset += (length + 3) & ~3
    return False


def _netlink(groups: int) -> socket.socket:
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    made.bind((0, groups))
    return made


@contextlib.contextmanager
def _inside(path: Path) -> Generator[None]:
    """This thread in another network namespace; sockets stay where they were made."""
    libc = ctypes.CDLL(None, use_errno=True)
    home, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(path, os.O_RDONLY)
    try:
        if libc.setns(there, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")
        try:
            yield
        finally:
            libc.setns(home, _CLONE_NEWNET)
    finally:
        os.close(home)
        os.close(there)


def main() -> None:
    """See the module."""
    wish = json.loads(sys.stdin.readline())
    address = socket.inet_aton(wish["address"])
    machines = {name: Machine(Path(p), address) for name, p in wish["namespaces"].items()}
    before, looks, longest = time.monotonic(), 0, 0.0
    while True:
        started = time.monotonic()
        for name, machine in machines.items():
            for holds in machine.look():
                _say(machine=name, holds=holds, after=before, before=time.monotonic())
        if not looks:
            _say(began=started)
        looks, longest, before = looks + 1, max(longest, started - before), started
        if not _wait(machines.values(), wish["interval"]):
            _say(ended=time.monotonic(), looks=looks, longest=longest)
            return


def _wait(machines: Iterable[Machine], interval: float) -> bool:
    """Until something changes or the interval is over; False when standard input closed."""
    waiting = select.poll()
    waiting.register(sys.stdin, select.POLLIN)
    for machine in machines:
        if (number := machine.fileno()) is not None:
            waiting.register(number, select.POLLIN)
    return all(number != sys.stdin.fileno() for number, _ in waiting.poll(interval * 1000))


def _say(**record: Any) -> None:
    print(json.dumps(record), flush=True)  # noqa: T201


if __name__ == "__main__":
    go_first()
    main()
