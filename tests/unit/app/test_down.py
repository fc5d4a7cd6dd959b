"""What several drivers have left of a stack is told, whichever looked last."""

from pathlib import Path

import pytest

from ashore.app import down, driver
from ashore.app.select import Chosen
from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Event, ignore
from ashore.host.service import Service
from ashore.model.load import loads_stack
from ashore.state.ledger import Ledger
from ashore.state.paths import StackState

TEXT = "apiVersion: ashore/v1\nkind: Stack\nname: gone\n"


class Remover:
    """Answers each `destroy` with the next of these."""

    def __init__(self, *left: list[str]) -> None:
        self._left = list(left)

    async def destroy(self) -> list[str]:
        return self._left.pop(0)


async def result(
    monkeypatch: pytest.MonkeyPatch, root: Path, *removers: Remover, emit: Emit = ignore
) -> int:
    async def stopped(service: Service) -> None:
        assert service.name == "ashore-gone.bmc"

    monkeypatch.setattr(driver, "every", lambda *_: list(removers))
    monkeypatch.setattr(Service, "stop", stopped)
    state = StackState(root / "gone")
    state.make()
    chosen = Chosen(loads_stack(TEXT, "test"), "test", TEXT, state, root / "cache")
    return await down.down(chosen, emit)


async def test_what_the_first_of_them_left_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left = ["machine w1: processes"]
    with pytest.raises(AshoreError, match="machine w1: processes") as told:
        await result(monkeypatch, tmp_path, Remover(left, left), Remover([], []))
    assert told.value.exit_code is ExitCode.LEFTOVERS


async def test_what_went_with_the_other_ones_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    removers = Remover(["namespace x"], []), Remover([], [])
    assert await result(monkeypatch, tmp_path, *removers) is ExitCode.DONE


async def test_a_kubeconfig_that_cannot_be_used_is_told_and_does_not_keep_the_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = StackState(tmp_path / "gone")
    state.make()
    Ledger(state.ledger).record("kubeconfig", str(tmp_path))
    told: list[Event] = []
    assert await result(monkeypatch, tmp_path, Remover([]), emit=told.append) is ExitCode.DONE
    assert f"{tmp_path} is not a regular file" in str(told)
    assert not state.root.exists()
