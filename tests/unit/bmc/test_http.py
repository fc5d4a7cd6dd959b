import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from ashore.bmc.exchange import Answer, Request
from ashore.bmc.http import Conversation
from ashore.bmc.limits import Limits
from tests.unit.bmc.fakes import Wire, answers

LIMITS = Limits(idle=9, request=9, head=1024, body=256, requests=3)
IMPATIENT = replace(LIMITS, idle=0.05, request=0.05)
GET = b"GET /redfish/v1/?$expand=. HTTP/1.1\r\nHost: bmc\r\n\r\n"

Seen = list[Request]


async def echo(request: Request) -> Answer:
    return Answer(200, {"path": request.path, "length": len(request.body)})


async def converse(
    *parts: bytes,
    eof: bool = True,
    respond: Callable[[Request], Awaitable[Answer]] = echo,
) -> tuple[list[tuple[int, dict[str, str], bytes]], list[str]]:
    """Answers to what was sent, and what was wrong with it."""
    wire = Wire()
    wrong: list[str] = []
    limits = LIMITS if eof else IMPATIENT
    conversation = Conversation(wire.reader, cast("Any", wire), "peer", limits)
    for part in parts:
        wire.reader.feed_data(part)
    if eof:
        wire.reader.feed_eof()
    await conversation.run(respond, lambda _, a: wrong.append(a.why) if a.why else None)
    return list(answers(bytes(wire.sent))), wrong


async def test_an_answer_carries_the_headers_of_redfish() -> None:
    [(status, headers, body)], wrong = await converse(GET)
    assert status == 200
    assert headers["content-type"].startswith("application/json")
    assert headers["odata-version"] == "4.0"
    assert headers["cache-control"] == "no-cache"
    assert headers["date"].endswith("GMT")
    assert json.loads(body) == {"path": "/redfish/v1/", "length": 0}
    assert not wrong


async def test_head_is_an_answer_without_its_body() -> None:
    [(status, headers, body)], _ = await converse(GET.replace(b"GET", b"HEAD"))
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


async def test_no_content_has_no_content() -> None:
    async def done(_: Request) -> Answer:
        return Answer(204)

    [(status, headers, _)], _ = await converse(GET, respond=done)
    assert status == 204
    assert "content-length" not in headers
    assert "content-type" not in headers


async def test_a_request_may_come_byte_by_byte() -> None:
    post = b"POST /x HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc"
    [(status, _, body)], _ = await converse(*(bytes([b]) for b in post))
    assert (status, json.loads(body)["length"]) == (200, 3)


async def test_pipelined_requests_are_answered_in_order_up_to_a_bound() -> None:
    wanted = [b"GET /%d HTTP/1.1\r\nHost: b\r\n\r\n" % n for n in range(5)]
    found, _ = await converse(b"".join(wanted))
    assert [json.loads(body)["path"] for _, _, body in found] == ["/0", "/1", "/2"]
    assert found[-1][1]["connection"] == "close"


async def test_the_client_is_told_to_go_on() -> None:
    head = b"POST /x HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    found, _ = await converse(head, b"ab")
    assert found[-1][0] == 200


MALFORMED = [
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    (400, b"GET\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\n\r\n"),  # no Host
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    (505, b"GET / HTTP/2.0\r\nHost: b\r\n\r\n"),
    (400, b"GET https://b/ HTTP/1.1\r\nHost: b\r\n\r\n"),
    (400, b"CONNECT b:443 HTTP/1.1\r\nHost: b\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: b\r\nBad Name: x\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: b\r\nX: a\x00b\r\n\r\n"),
    (400, b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: -1\r\n\r\n"),
    (400, b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    (501, b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: gzip\r\n\r\n"),
    (400, b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    (400, b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 9\r\n\r\nshort"),
    (431, b"GET / HTTP/1.1\r\nHost: b\r\nX: " + b"a" * 2000),
    (413, b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 300\r\n\r\n" + b"a" * 300),
    (
        413,
        b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"80\r\n%b\r\n" % (b"a" * 128) * 3,
    ),
]


@pytest.mark.parametrize(("status", "sent"), MALFORMED)
async def test_what_is_malformed_is_refused_and_the_connection_ends(
    status: int, sent: bytes
) -> None:
    asked: Seen = []

    async def respond(request: Request) -> Answer:
        asked.append(request)
        return Answer(200)

    [(found, headers, body)], wrong = await converse(sent, respond=respond)
    assert found == status
    assert headers["connection"] == "close"
    assert json.loads(body)["error"]["code"]
    assert wrong[0]
    assert not asked


async def test_a_slow_request_is_given_up() -> None:
    [(status, headers, _)], wrong = await converse(GET[:-2], eof=False)
    assert (status, headers["connection"]) == (408, "close")
    assert "not complete after" in wrong[0]


async def test_a_client_that_sends_nothing_is_left_without_a_word() -> None:
    assert await converse(eof=False) == ([], [])
    found, wrong = await converse(GET, eof=False)  # nor after a request
    assert (len(found), wrong) == (1, [])


async def test_a_head_that_breaks_off_is_refused_without_a_body() -> None:
    [(status, _, body)], _ = await converse(
        b"HEAD / HTTP/1.1\r\nHost: b\r\nContent-Length: 9\r\n\r\n"
    )
    assert (status, body) == (400, b"")
