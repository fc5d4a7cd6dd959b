"""What is tried: new connections, a held one, acknowledged writes, names, a lease."""

import asyncio
import json
import os
import socket
import struct
from typing import Any

from ashore.drill.client.http import Connection, Server, context, require
from ashore.drill.client.lease import Lease
from ashore.drill.client.schedule import Attempt, Failed, Writer, closed_loop, open_loop


async def probe(writer: Writer, wish: dict[str, Any]) -> None:
    """Run one probe as it was asked for, until cancelled."""
    make, loop = {
        "request": (_request, open_loop),
        "held": (_held, closed_loop),
        "write": (_write, closed_loop),
        "entry": (_entry, closed_loop),
        "name": (_name, open_loop),
        "lease": (Lease, closed_loop),
    }[wish["kind"]]
    work = make(wish)
    try:
        await loop(writer, wish["name"], wish["interval"], wish["deadline"], work)
    finally:
        if isinstance(work, Lease):
            work.give_back()


def _server(wish: dict[str, Any]) -> Server:
    authority = wish.get("authority")
    made = context(authority, wish.get("identity")) if authority else None
    return Server(wish["address"], wish["port"], wish["server"], made)


def _request(wish: dict[str, Any]) -> Attempt:
    """A new connection and one request on it."""
    server, path = _server(wish), wish["path"]

    async def work() -> str:
        status, _ = await Connection(server).request("GET", path, keep=False)
        require(status, 200)
        return ""

    return work


def _held(wish: dict[str, Any]) -> Attempt:
    """Requests on one connection as long as it holds; the detail is the connection's number."""
    connection, path = Connection(_server(wish)), wish["path"]

    async def work() -> str:
        status, _ = await connection.request("GET", path, keep=True)
        require(status, 200)
        return str(connection.number)

    return work


def _write(wish: dict[str, Any]) -> Attempt:
    """Add one more key to a ConfigMap; the detail is the key that was acknowledged."""
    connection, path, count = Connection(_server(wish)), wish["path"], 0
    kind = {"Content-Type": "application/merge-patch+json"}

    async def work() -> str:
        nonlocal count
        count += 1
        key = f"n{count}"
        body = json.dumps({"data": {key: ""}}).encode()
        status, _ = await connection.request("PATCH", path, body, kind, keep=True)
        require(status, 200)
        return key

    return work


def _entry(wish: dict[str, Any]) -> Attempt:
    """Sign the demo's guestbook, by a new connection; the detail is the text it acknowledged."""
    server, count = _server(wish), 0

    async def work() -> str:
        nonlocal count
        count += 1
        body = json.dumps({**wish["entry"], "text": f"n{count}"}).encode()
        status, _ = await Connection(server).request("POST", wish["path"], body, keep=False)
        require(status, 201)
        return f"n{count}"

    return work


def _name(wish: dict[str, Any]) -> Attempt:
    """Ask a name server for an address by UDP, once."""

    async def work() -> str:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, (wish["address"], wish["port"]))
            message = query(wish["query"])
            await loop.sock_sendall(sock, message)
            check_answer(message, await loop.sock_recv(sock, 512))
        return ""

    return work


def query(name: str) -> bytes:
    """A DNS question for the IPv4 addresses of a name (RFC 1035, section 4.1)."""
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.rstrip(".").split("."))
    header = os.urandom(2) + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack("!HH", 1, 1)


def check_answer(question: bytes, answer: bytes) -> None:
    """Raise Failed unless it is the answer to the question and has an address."""
    if len(answer) < 12 or answer[:2] != question[:2]:
        raise Failed("not the answer")
    flags, _, answers = struct.unpack("!HHH", answer[2:8])
    if flags & 0x000F or not answers:
        raise Failed(f"no address, code {flags & 0x000F}")
