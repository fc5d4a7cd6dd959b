"""`python -m ashore.drill.client`: reads one line of JSON, then measures.

It ends by itself when its standard input closes (whoever started it is gone)
or after the seconds it was given.
"""

import asyncio
import gc
import json
import sys
from typing import Any

from ashore.drill.client.first import go_first
from ashore.drill.client.probes import probe
from ashore.drill.client.schedule import Writer


async def main() -> None:
    """Run every probe of the configuration until it is time to end."""
    wish: dict[str, Any] = json.loads(sys.stdin.readline())
    writer = Writer(sys.stdout)
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), over.set)
    writing = asyncio.create_task(writer.run())
    tasks = [asyncio.create_task(probe(writer, each)) for each in wish["probes"]]
    ended = asyncio.create_task(over.wait())
    await asyncio.wait(
        [ended, *tasks], timeout=wish["seconds"], return_when=asyncio.FIRST_COMPLETED
    )
    for task in (*tasks, ended):
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    broken = [r for r in results if isinstance(r, Exception)]
    if broken:
        raise broken[0]


if __name__ == "__main__":
    go_first()
    gc.freeze()
    asyncio.run(main())
