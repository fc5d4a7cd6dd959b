import asyncio

import pytest

from ashore.components.wait import until


async def pauses(
    monkeypatch: pytest.MonkeyPatch, took: float, factor: str, others: int
) -> list[float]:
    """How long it waits after each look but the last, while others wait too."""
    now, found, looks = 0.0, list[float](), iter(["missing", "missing", ""])

    async def observe() -> str:
        nonlocal now
        now += took
        return next(looks)

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setenv("ASHORE_PATIENCE", factor)
    monkeypatch.setattr("ashore.components.wait.time.monotonic", lambda: now)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr("ashore.components.wait._waiting", {object() for _ in range(others)})
    await until(observe, "it is there", seconds=1000, interval=0.25)
    return found


@pytest.mark.parametrize(
    ("took", "factor", "others", "pause"),
    [
        (0.01, "1", 9, 0.25),
        (0.2, "1", 9, 0.4),
        (60.0, "1", 0, 2.0),  # an answer that never comes must not stretch the next look's time
        (3.0, "20", 0, 6.0),
        (3.0, "20", 4, 30.0),
        (60.0, "20", 9, 40.0),
    ],
)
async def test_the_pause_follows_what_a_look_took(
    monkeypatch: pytest.MonkeyPatch, took: float, factor: str, others: int, pause: float
) -> None:
    assert await pauses(monkeypatch, took, factor, others) == [pytest.approx(pause)] * 2
