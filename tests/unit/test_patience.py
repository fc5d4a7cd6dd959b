import asyncio

import pytest

from ashore.components.wait import until
from ashore.errors import AshoreError, ExitCode
from ashore.host import wait
from ashore.host.run import CommandFailed, run
from ashore.patience import VARIABLE, patience


def test_without_a_wish_nothing_is_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in (None, ""):
        if given is None:
            monkeypatch.delenv(VARIABLE, raising=False)
        else:
            monkeypatch.setenv(VARIABLE, given)
        assert patience() == 1


def test_a_fraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "2.5")
    assert patience() == 2.5


@pytest.mark.parametrize("given", ["0", "0.5", "-3", "101", "inf", "nan", "long"])
def test_a_wrong_wish(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(AshoreError, match=VARIABLE) as caught:
        patience()
    assert caught.value.exit_code == ExitCode.USAGE


async def test_waits_are_longer_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "4")
    began = asyncio.get_running_loop().time()
    with pytest.raises(AshoreError, match="not within 2 s"):
        await wait.until("it", lambda: "not yet", timeout=0.5)

    async def observe() -> str:
        return "not yet"

    with pytest.raises(AshoreError, match="not within 2 s"):
        await until(observe, "it", seconds=0.5)
    assert asyncio.get_running_loop().time() - began >= 4


@pytest.mark.spawns
async def test_commands_get_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "5")
    await run(["sleep", "0.3"], timeout=0.1)
    with pytest.raises(CommandFailed, match="no end after 1 s"):
        await run(["sleep", "9"], timeout=0.2)
