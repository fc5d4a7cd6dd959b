"""A stand-in of a control plane: answers every request with 200 over TLS.

Run by path in a network namespace, standard library only. Reads one line of
JSON {"address", "certificate", "key"}; ends when its standard input closes.
"""

import asyncio
import json
import ssl
import sys

_BODY = b"ok"
_KEEP = f"HTTP/1.1 200 OK\r\nContent-Length: {len(_BODY)}\r\n".encode()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            close = b"connection: close" in head.lower()
            more = b"Connection: close\r\n" if close else b""
            writer.write(_KEEP + more + b"\r\n" + _BODY)
            await writer.drain()
            if close:
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the peer is gone
    finally:
        writer.close()


async def main() -> None:
    """See the module."""
    wish = json.loads(sys.stdin.readline())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(wish["certificate"], wish["key"])
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), over.set)
    server = await asyncio.start_server(_serve, wish["address"], 6443, ssl=context, backlog=512)
    print(json.dumps({"listening": wish["address"]}), flush=True)
    await over.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
