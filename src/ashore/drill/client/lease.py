"""A stranger's lease: taken once, then renewed again and again, and given back."""

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
from collections.abc import Collection
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from ashore.drill.client.dhcp import CLIENT_PORT, SERVER_PORT, Kind, Message, parse
from ashore.drill.client.schedule import Failed

_GET_HARDWARE_ADDRESS = 0x8927  # linux/sockios.h, SIOCGIFHWADDR
_LARGEST = 2048  # bytes of an answer; a frame of Ethernet holds 1500
_EVERYBODY = "255.255.255.255"

MOVED = "another address"
"""How the outcome of a renewal begins that does not keep the address."""


class Lease:
    """Each attempt takes the lease or renews it; its detail is the address.

    A renewal is what a client sends after half of its lease: to the server
    alone, from the address that it keeps. The first address stays the one that
    is wanted, so a later one is a failure, and so is one outside of the range.
    """

    def __init__(self, wish: dict[str, Any]) -> None:
        self._link: str = wish["link"]
        self._server = IPv4Address(wish["address"])
        self._first, self._last = map(IPv4Address, wish["range"])
        self._address: IPv4Address | None = None
        self._hardware = b""

    async def __call__(self) -> str:
        if self._address is None:
            self._address = await self._take()
        else:
            await self._renew(self._address)
        return str(self._address)

    def give_back(self) -> None:
        """Tell the server that the lease is over. Nobody answers that."""
        if self._address is None:
            return
        with contextlib.suppress(OSError), self._socket(str(self._address)) as sock:
            over = self._message(Kind.RELEASE, current=self._address, server=self._server)
            sock.sendto(over.packed(), (str(self._server), SERVER_PORT))

    async def _take(self) -> IPv4Address:
        with self._socket("") as sock:
            self._hardware = hardware_address(sock, self._link)
            everybody = (_EVERYBODY, SERVER_PORT)
            wish = self._message(Kind.DISCOVER)
            offer = await _ask(sock, wish, everybody, {Kind.OFFER})
            chosen = replace(
                wish, kind=Kind.REQUEST, requested=offer.given, server=offer.server or self._server
            )
            answer = await _ask(sock, chosen, everybody, {Kind.ACK, Kind.NAK})
        if answer.kind is Kind.NAK:
            raise Failed(f"{offer.given} was offered and then refused")
        if not self._first <= answer.given <= self._last:
            raise Failed(f"{answer.given} is outside of {self._first} to {self._last}")
        await _hold(answer.given, self._link)
        return answer.given

    async def _renew(self, address: IPv4Address) -> None:
        with self._socket(str(address)) as sock:
            # Connected, so that "nobody listens" is an answer as well.
            sock.connect((str(self._server), SERVER_PORT))
            answer = await _ask(
                sock, self._message(Kind.REQUEST, current=address), None, {Kind.ACK, Kind.NAK}
            )
        if answer.kind is Kind.NAK:
            raise Failed(f"{MOVED}: {address} is refused")
        if answer.given != address:
            raise Failed(f"{MOVED}: {answer.given} instead of {address}")

    def _message(self, kind: Kind, **more: IPv4Address) -> Message:
        return Message(kind, struct.unpack("!I", os.urandom(4))[0], self._hardware, **more)

    def _socket(self, address: str) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._link.encode())
            made.bind((address, CLIENT_PORT))
        except BaseException:
            made.close()
            raise
        return made


async def _ask(
    sock: socket.socket, message: Message, to: tuple[str, int] | None, wanted: Collection[Kind]
) -> Message:
    """Send a message and wait for the answer to it; the attempt's deadline ends the wait."""
    loop = asyncio.get_running_loop()
    if to is None:
        await loop.sock_sendall(sock, message.packed())
    else:
        await loop.sock_sendto(sock, message.packed(), to)
    while True:
        answer = parse(await loop.sock_recv(sock, _LARGEST))
        if answer and answer.kind in wanted and answer.number == message.number:
            return answer


def hardware_address(sock: socket.socket, link: str) -> bytes:
    """The link's own address; asked of a socket, as /sys shows another namespace's links."""
    request = struct.pack("256s", link.encode())
    return fcntl.ioctl(sock.fileno(), _GET_HARDWARE_ADDRESS, request)[18:24]


async def _hold(address: IPv4Address, link: str) -> None:
    """Answer to the address, beside the one that the link has."""
    process = await asyncio.create_subprocess_exec(
        "ip", "address", "replace", f"{address}/32", "dev", link,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    if process.returncode:
        raise Failed(f"ip address: {errors.decode(errors='replace').strip()}")
