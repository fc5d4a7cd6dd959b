"""Downloads over HTTP: verified, retried, and either whole or not there."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from ashore.errors import AshoreError

_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5
_TIMEOUT_SECONDS = 30.0

# What may pass when asked again: overload and gateways, not "not found".
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class NotGiven(AshoreError):
    """A server did not give a file. `status` is 0 when it did not answer at all."""

    def __init__(self, url: str, why: str, status: int, challenge: str = "") -> None:
        super().__init__(f"{url}: {why}", "run again, or choose another `supply`")
        self.status = status
        self.challenge = challenge


class Downloads:
    """One HTTP client; an async context manager."""

    def __init__(self, pause: float = _PAUSE_SECONDS) -> None:
        self._pause = pause

    async def __aenter__(self) -> "Downloads":
        # Imported here: it costs 0.4 s, which only a download may cost.
        import httpx2

        self._client = httpx2.AsyncClient(
            follow_redirects=True,
            timeout=_TIMEOUT_SECONDS,
            # Checksums are of the files as published, not as packed for the way.
            headers={"Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """A small document. Raises NotGiven."""
        body = bytearray()
        await self._receive(url, headers, body.clear, body.extend)
        return bytes(body)

    async def file(
        self, url: str, target: Path, sha256: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """A file with a known checksum (hexadecimal).

        Raises:
            NotGiven: no answer, an error status, or a body cut short, each
                after the last attempt.
            AshoreError: the checksum is another one. Nothing is kept.
        """
        with target.open("wb") as out:
            digest = hashlib.sha256()

            def restart() -> None:
                nonlocal digest
                digest = hashlib.sha256()
                out.seek(0)
                out.truncate()

            def take(block: bytes) -> None:
                digest.update(block)
                out.write(block)

            try:
                await self._receive(url, headers, restart, take)
            except BaseException:
                target.unlink()
                raise
        if digest.hexdigest() != sha256:
            target.unlink()
            raise AshoreError(
                f"{url}: wrong checksum\n  wanted  sha256 {sha256}\n  got     sha256 "
                f"{digest.hexdigest()}",
                "the file was altered or cut on its way; nothing of it was kept",
            )

    async def _receive(
        self,
        url: str,
        headers: Mapping[str, str] | None,
        restart: Callable[[], None],
        take: Callable[[bytes], None],
    ) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                restart()
                await self._once(url, headers, take)
            except NotGiven as error:
                passing = error.status == 0 or error.status in _PASSING
                if attempt == _ATTEMPTS - 1 or not passing:
                    raise
                await asyncio.sleep(self._pause * 2**attempt)
            else:
                return

    async def _once(
        self, url: str, headers: Mapping[str, str] | None, take: Callable[[bytes], None]
    ) -> None:
        import httpx2

        try:
            async with self._client.stream("GET", url, headers=headers) as answer:
                if not answer.is_success:
                    raise NotGiven(
                        url,
                        f"{answer.status_code} {answer.reason_phrase}",
                        answer.status_code,
                        answer.headers.get("www-authenticate", ""),
                    )
                async for block in answer.aiter_raw():
                    take(block)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise NotGiven(url, str(error) or type(error).__name__, 0) from error


def checksum(text: str, name: str) -> str:
    """The SHA-256 of a file in a checksum file: a lone sum, or lines of sum and name.

    Raises:
        AshoreError: the file is not named in it.
    """
    lone = text.strip()
    if re.fullmatch(r"[0-9a-f]{64}", lone):
        return lone
    for line in text.splitlines():
        found = re.fullmatch(r"([0-9a-f]{64})\s+\*?(\S+)\s*", line)
        if found and Path(found[2]).name == name:
            return found[1]
    raise AshoreError(f"no SHA-256 of {name} in its checksum file")
