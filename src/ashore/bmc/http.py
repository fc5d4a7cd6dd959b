"""HTTP/1.1 on one connection, by h11, with a bound on every size and every wait."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus

import h11

from ashore.bmc.errors import malformed
from ashore.bmc.exchange import Answer, Refused, Request
from ashore.bmc.limits import Limits

Respond = Callable[[Request], Awaitable[Answer]]
Observe = Callable[[Request | None, Answer], None]
"""Told of each answer; without a request if it was not understood."""

_READ = 4096  # bytes at a time
_HEADERS = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("OData-Version", "4.0"),
    ("Cache-Control", "no-cache"),
)


class Conversation:
    """The requests of one connection, one after the other, pipelined or not."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
        limits: Limits,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._limits = limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head)
        self._method = b""  # of the request being answered, also of one that broke off

    async def run(self, respond: Respond, observe: Observe) -> None:
        """Answer until either side has enough.

        Raises:
            OSError: the connection broke; TimeoutError among them.
        """
        for left in reversed(range(self._limits.requests)):
            request: Request | None = None
            try:
                request = await self._request()
                if request is None:
                    return
                answer = await respond(request)
            except Refused as refused:
                answer = refused.answer
            observe(request, answer)
            await self._send(replace(answer, close=answer.close or left == 0))
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()
            self._method = b""

    async def _request(self) -> Request | None:
        """The next whole request; None if the client has none.

        Raises:
            Refused: 400, 408, 413 or 431; the connection must end.
        """
        if not self._http.trailing_data[0] and not await self._first():
            return None
        try:
            async with asyncio.timeout(self._limits.request):
                return await self._whole()
        except TimeoutError as error:
            seconds = f"{self._limits.request:.0f} s"
            raise malformed(f"the request was not complete after {seconds}", 408) from error
        except h11.RemoteProtocolError as error:
            raise malformed(str(error), error.error_status_hint) from error

    async def _first(self) -> bool:
        """Wait for a request to begin; False if none does."""
        try:
            async with asyncio.timeout(self._limits.idle):
                data = await self._reader.read(_READ)
        except TimeoutError:
            return False
        if data:
            self._http.receive_data(data)
        return bool(data)

    async def _whole(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    self._write(h11.InformationalResponse(status_code=100, headers=[]))
                self._http.receive_data(await self._reader.read(_READ))
            elif isinstance(event, h11.Request):
                head = event
                self._method = event.method
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._limits.body:
                    raise malformed(f"the body is longer than {self._limits.body} bytes", 413)
            elif isinstance(event, h11.EndOfMessage) and head:
                return self._complete(head, bytes(body))
            else:
                return None  # closed between two requests

    def _complete(self, head: h11.Request, body: bytes) -> Request:
        target = head.target.decode("latin-1")
        if head.http_version not in (b"1.0", b"1.1"):
            raise malformed("only HTTP/1.0 and HTTP/1.1 are spoken here", 505)
        if not target.startswith("/"):
            raise malformed("the target is not a path")
        headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in head.headers}
        path = target.partition("?")[0]
        return Request(head.method.decode("latin-1"), path, headers, body, self._peer)

    async def _send(self, answer: Answer) -> None:
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        content = b"" if answer.body is None else json.dumps(answer.body).encode() + b"\n"
        headers = [("Date", format_datetime(datetime.now(UTC), usegmt=True)), *_HEADERS]
        if answer.body is None:
            headers = [h for h in headers if h[0] != "Content-Type"]
        if answer.status != HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(content))))
        if answer.close:
            headers.append(("Connection", "close"))
        headers += answer.headers.items()
        reason = HTTPStatus(answer.status).phrase
        self._write(h11.Response(status_code=answer.status, headers=headers, reason=reason))
        if content and self._method != b"HEAD":
            self._write(h11.Data(data=content))
        self._write(h11.EndOfMessage())
        async with asyncio.timeout(self._limits.request):
            await self._writer.drain()

    def _write(self, event: h11.Event) -> None:
        self._writer.write(self._http.send(event) or b"")
