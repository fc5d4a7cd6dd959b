"""The service on its sockets: connections accepted, counted, and ended in time."""

import asyncio
import contextlib
import signal
import socket
import ssl
from collections import Counter
from pathlib import Path

from ashore.bmc import sockets
from ashore.bmc.config import Config
from ashore.bmc.exchange import Answer, Request
from ashore.bmc.http import Conversation
from ashore.bmc.limits import Limits
from ashore.bmc.log import Log
from ashore.bmc.power import States, Systems
from ashore.bmc.service import Service
from ashore.drivers.base import Power

_OUT_OF_DESCRIPTORS = 0.1  # s until the next try to accept


class Server:
    """Connections of one service."""

    def __init__(self, service: Service, context: ssl.SSLContext, log: Log, limits: Limits) -> None:
        self._service = service
        self._context = context
        self._log = log
        self._limits = limits
        self._peers = Counter[str]()
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, listening: socket.socket) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:
                self._log.refused("", f"accept: {error.strerror}")
                await asyncio.sleep(_OUT_OF_DESCRIPTORS)
                continue
            host, port = address[0], address[1]
            if why := self._too_many(host):
                connection.close()
                self._log.refused(f"{host}:{port}", why)
                continue
            self._peers[host] += 1
            task = asyncio.create_task(self._connection(connection, host, port))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _too_many(self, host: str) -> str:
        if self._peers[host] >= self._limits.peer_connections:
            return "too many connections of this peer"
        return "too many connections" if len(self._tasks) >= self._limits.connections else ""

    async def _connection(self, connection: socket.socket, host: str, port: int) -> None:
        """One connection from its handshake to its end; counted as long as it lives."""
        peer = f"{host}:{port}"
        try:
            async with asyncio.timeout(self._limits.handshake):
                reader, writer = await self._established(connection)
            try:
                await self._converse(reader, writer, peer)
                writer.close()
                async with asyncio.timeout(1):
                    await writer.wait_closed()
            finally:
                writer.transport.abort()
        except Exception as error:  # whatever a peer brought about is its own matter
            self._log.refused(peer, f"connection: {type(error).__name__}: {error}")
        finally:
            connection.close()
            self._peers[host] -= 1
            self._peers += Counter()  # drops those at zero

    async def _established(
        self, connection: socket.socket
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(self._limits.head)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=self._context,
            ssl_handshake_timeout=self._limits.handshake,
            ssl_shutdown_timeout=1,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str
    ) -> None:
        def observe(request: Request | None, answer: Answer) -> None:
            if answer.why:
                asked = f"{request.method} {request.path}"[:200] if request else ""
                more = {"account": answer.account, "status": answer.status, "request": asked}
                self._log.refused(peer, answer.why, **more)

        await Conversation(reader, writer, peer, self._limits).run(self._service.answer, observe)

    async def close(self) -> None:
        """End every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def serve(power: Power, states: States, config: Config, limits: Limits | None = None) -> None:
    """Serve until SIGTERM or SIGINT (or until cancelled); resets that run then end first.

    Raises:
        OSError: an address, the namespace or the certificate cannot be used.
    """
    limits = limits or Limits()
    log = Log(Path(config.log))
    systems = Systems(power, states, config.machines, limits)
    service = Service(config, systems, log, limits)
    context = sockets.tls(Path(config.certificate), Path(config.key))
    server = Server(service, context, log, limits)
    listening = sockets.listen(config)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    accepting = [asyncio.create_task(server.accept(s)) for s in listening]
    try:
        await ended.wait()
    finally:
        for task in accepting:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*accepting, return_exceptions=True)
        for opened in listening:
            opened.close()
        await systems.finish()
        await server.close()
