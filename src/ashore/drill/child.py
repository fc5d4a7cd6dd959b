"""A measuring program: started, told what to do, read to its end."""

import asyncio
import contextlib
import json
import shlex
from collections.abc import Callable, Sequence
from typing import Any

from ashore.errors import AshoreError
from ashore.host.run import environment

_ENDS = 5.0  # s; either program ends within a fraction of one
_SHOWN = 2000  # characters of its last words in an error


class Child:
    """Outlives neither `stop` nor this process: it ends when its standard input closes.

    `host.run` captures what a program prints when it has ended; this one is
    read while it runs.
    """

    def __init__(self, process: asyncio.subprocess.Process, line: str) -> None:
        self._process = process
        self._line = line
        self._reading: list[asyncio.Task[None]] = []
        self._errors = b""

    @classmethod
    async def start(cls, argv: Sequence[str], wish: object, take: Callable[[Any], None]) -> "Child":
        """Start it and hand over the wish; `take` gets each line that it prints, decoded."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )
        child = cls(process, shlex.join(argv))
        child._reading = [
            asyncio.create_task(child._read(take)),
            asyncio.create_task(child._listen()),
        ]
        if process.stdin is not None:
            process.stdin.write(json.dumps(wish).encode() + b"\n")
        return child

    @property
    def failure(self) -> str:
        """Empty while it runs and after it ended well, else how it ended."""
        code = self._process.returncode
        if not code:
            return ""
        return f"exit {code}: {self._line}\n{self._errors.decode(errors='replace')[-_SHOWN:]}"

    async def stop(self) -> None:
        """Close its input and read what it still says; kill it if it does not end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_ENDS):
                await asyncio.gather(*self._reading)
                await self._process.wait()
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            if isinstance(error, TimeoutError):
                raise AshoreError(f"no end after {_ENDS:.0f} s: {self._line}") from error
            raise

    async def _read(self, take: Callable[[Any], None]) -> None:
        if self._process.stdout is not None:
            async for line in self._process.stdout:
                take(json.loads(line))

    async def _listen(self) -> None:
        if self._process.stderr is not None:
            async for line in self._process.stderr:
                self._errors = (self._errors + line)[-_SHOWN:]
