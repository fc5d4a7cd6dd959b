"""Whatever is sent: the service answers or hangs up, goes on, and switches nothing."""

import asyncio
import contextlib
import json
import random
from pathlib import Path
from typing import Any, cast

import pytest

from ashore.bmc.http import Conversation
from ashore.bmc.limits import Limits
from tests.unit.bmc.fakes import Switches, Wire, basic, service

ROUNDS = 150
LIMITS = Limits(idle=0.01, request=0.01, wrong_password=0)

PATHS = (
    "/redfish/v1/Systems/lb1/Actions/ComputerSystem.Reset",
    "/redfish/v1/Systems/lb2/Actions/ComputerSystem.Reset",
    "/redfish/v1/Systems/lb1",
    "/redfish/v1/SessionService/Sessions",
    "/redfish/v1/",
    "/redfish/v1/Systems/\xfflb1/..;/Actions/ComputerSystem.Reset",
)
BODIES = (
    {"ResetType": "ForceOff "},
    {"ResetType": "\ud800"},
    {"\ud800": "ForceOff"},
    {"ResetType": {"ResetType": "ForceOff"}},
    {"UserName": "lb1", "Password": "\ud800"},
    ["ForceOff"],
    "ForceOff",
    10**300,
)
TOKENS = (b"\r\n", b"\r", b"\n", b"\x00", b":", b" ", b"\xff", b"HTTP/1.1", b"Content-Length: 5")


def valid(dice: random.Random) -> bytes:
    """A request that is understood, whose body or account lacks what a reset needs."""
    body = json.dumps(dice.choice(BODIES)).encode()
    lines = [
        f"{dice.choice(('POST', 'GET', 'PUT', 'HEAD', 'RESET'))} {dice.choice(PATHS)} HTTP/1.1",
        "Host: bmc",
        f"Authorization: {dice.choice((basic('lb1'), basic('lb1', 'x'), basic('', ''), 'Basic'))}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def mutated(dice: random.Random, data: bytes) -> bytes:
    raw = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(raw) or 1)
        match dice.randrange(5):
            case 0:
                raw[at:at] = dice.choice(TOKENS)
            case 1:
                del raw[at : at + dice.randint(1, 40)]
            case 2:
                raw[at:at] = dice.randbytes(dice.randint(1, 64))
            case 3:
                raw[at:at] = bytes(raw[: dice.randint(1, 200)])
            case _:
                raw[at:at] = b"a" * dice.choice((10, 5000, 20000))
    return bytes(raw)


def sent(dice: random.Random) -> bytes:
    match dice.randrange(5):
        case 0:
            return dice.randbytes(dice.randint(1, 3000))
        case 1:
            return b"".join(valid(dice) for _ in range(dice.randint(2, 5)))
        case 2:
            return valid(dice) + mutated(dice, valid(dice))
        case _:
            return mutated(dice, valid(dice))


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_that_is_sent_reaches_the_power(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    switches = Switches()
    served = service(switches, tmp_path, LIMITS)
    for _ in range(ROUNDS):
        wire = Wire()
        data = sent(dice)
        cut = dice.randrange(len(data))
        wire.reader.feed_data(data[:cut])
        wire.reader.feed_data(data[cut:] or b"\n")
        if dice.random() < 0.8:
            wire.reader.feed_eof()

        def observe(request: object, answer: Any, data: bytes = data) -> None:
            assert answer.status in {200, 201, *range(400, 500), 501, 505}, (answer.why, data)

        conversation = Conversation(wire.reader, cast("Any", wire), "peer", LIMITS)
        async with asyncio.timeout(30):
            # On a busy computer even memory is too slow for these limits.
            with contextlib.suppress(OSError):
                await conversation.run(served.answer, observe)
    assert not switches.calls
