"""A request and its answer, without a trace of sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request.

    Attributes:
        path: without the query; not decoded, since no name here needs it.
        headers: names in lower case; of a repeated one, the last.
        peer: address and port of the client.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, JSON body (None: no content) and headers beyond the usual ones.

    Attributes:
        account: who asked, as far as it was established; for the log.
        why: what was wrong, for the log; empty if nothing was.
        close: end the connection after it.
    """

    status: int
    body: Body | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    account: str = ""
    why: str = ""
    close: bool = False


class Refused(Exception):
    """The request is answered with an error and has no effect."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.why)
        self.answer = answer
