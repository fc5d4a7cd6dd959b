"""Bricks are dropped only after a pass over their data without a failure."""

import pytest

from ashore.components.gluster import migrate
from ashore.errors import AshoreError
from ashore.events import ignore
from ashore.model.types import Storage, VolumeType
from tests.unit.components.gluster.machines import Machines

REFUSED = (
    "<?xml version='1.0'?><cliOutput><opRet>-1</opRet>"
    "<opErrstr>remove-brick not started for volume shared.</opErrstr></cliOutput>"
)


def status(word: str, failures: int = 0) -> str:
    return (
        "<?xml version='1.0'?><cliOutput><opRet>0</opRet><aggregate>"
        f"<statusStr>{word}</statusStr><failures>{failures}</failures></aggregate></cliOutput>"
    )


async def move(monkeypatch: pytest.MonkeyPatch, *said: str) -> list[str]:
    """The commands that change something, in order."""
    monkeypatch.setattr(migrate, "_LOOK_EVERY", 0.0)
    machines = Machines()
    for each in said:
        machines.of["st1"].answer("*status", each)
    machines.of["st1"].answer("*")
    storage = Storage(VolumeType.REPLICA)
    try:
        await migrate.remove_bricks(machines.connect, "st1", storage, ["a", "b", "c"], ignore)
    finally:
        told = [line.split()[-1] for line in machines.commands("st1", "remove-brick")]
    return [word for word in told if word != "status"]


async def test_moved_then_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    said = (REFUSED, status("in progress"), status("in progress", 1), status("completed"))
    assert await move(monkeypatch, *said) == ["start", "commit"]


async def test_an_interrupted_move_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await move(monkeypatch, status("in progress"), status("completed")) == ["commit"]


async def test_after_a_failure_there_is_another_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    said = (status("failed", 3), status("completed", 1), status("completed"))
    assert await move(monkeypatch, *said) == ["stop", "start", "stop", "start", "commit"]


async def test_what_never_moves_is_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AshoreError, match="did not move away: completed, 2 failures"):
        await move(monkeypatch, status("completed", 2))
