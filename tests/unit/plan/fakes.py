"""Steps that only remember what was done to them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


async def nothing() -> None:
    """An `apply` that ends at once."""


@dataclass
class FakeStep:
    key: str
    needs: tuple[str, ...] = ()
    title: str = ""
    layer: str = "machines"
    machine: str | None = None
    differences: list[str] = field(default_factory=lambda: ["not there"])
    stubborn: bool = False
    settles_after: int = 0
    error: Exception | None = None
    asking_error: Exception | None = None
    work: Callable[[], Awaitable[None]] = nothing
    asked: int = 0
    applied: int = 0
    cancelled: bool = False

    def __post_init__(self) -> None:
        self.title = self.title or f"make {self.key}"

    async def drift(self) -> list[str]:
        self.asked += 1
        if self.asking_error is not None:
            raise self.asking_error
        if self.applied and self.asked <= self.settles_after:
            return ["not yet"]
        return list(self.differences)

    async def apply(self) -> None:
        self.applied += 1
        try:
            await self.work()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error is not None:
            raise self.error
        if not self.stubborn:
            self.differences = []


async def forever() -> None:
    """An `apply` that only a cancel ends."""
    await asyncio.Event().wait()
