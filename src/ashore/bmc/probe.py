"""Which configuration a running service serves, asked over the network like a client."""

import asyncio
import json
import ssl
from typing import Any

_TIMEOUT = 10.0  # s; an answer takes 10 ms, on a host that is overloaded more than 3 s
_LONGEST = 1 << 16  # bytes of an answer


class NoAnswer(Exception):
    """Nothing that is this service answers; the message says what happened."""


async def version(address: str, port: int, ca: bytes) -> str:
    """The version of the configuration that is served.

    Args:
        ca: PEM of the stack's CA.

    Raises:
        NoAnswer: nothing listens, TLS fails, or the answer is not this service's.
    """
    where = f"{address}:{port}"
    context = ssl.create_default_context(cadata=ca.decode())
    try:
        async with asyncio.timeout(_TIMEOUT):
            raw = await _get(address, port, context)
        _, _, body = raw.partition(b"\r\n\r\n")
        root: dict[str, Any] = json.loads(body)
        return str(root["Oem"]["Ashore"]["Configuration"])
    except TimeoutError as error:
        raise NoAnswer(f"{where}: no answer within {_TIMEOUT:.0f} s") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAnswer(f"{where}: {error}") from error


async def _get(address: str, port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection(address, port, ssl=context)
    try:
        lines = ("GET /redfish/v1/ HTTP/1.1", f"Host: {address}", "Connection: close", "", "")
        writer.write("\r\n".join(lines).encode())
        return await reader.read(_LONGEST) + await reader.read(_LONGEST)
    finally:
        writer.transport.abort()
