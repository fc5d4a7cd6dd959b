"""A context in a file of the user's: written down if it can be made, taken out if it can be."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ashore.app.kubeconfig import KIND, forget, merge_into
from ashore.errors import AshoreError
from ashore.events import Event, Note
from ashore.state.ledger import Ledger
from ashore.state.paths import StackState
from tests.unit.state.test_kubeconfig import OURS, THEIRS

BROKEN = "clusters: [\n"


@dataclass
class Wish:
    file: Path | None = None
    stack: str | None = "gone"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackState:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", lambda *_: None)
    monkeypatch.setenv("ASHORE_STATE", str(tmp_path / "state"))
    state = StackState(tmp_path / "state" / "gone")
    state.make()
    (state.files / "kubeconfig").write_text(OURS)
    return state


def test_a_context_is_written_down_and_taken_out(state: StackState, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(THEIRS)
    merge_into(Wish(), config)
    assert "ashore-gone" in config.read_text()
    assert [made.name for made in Ledger(state.ledger).entries()] == [str(config)]
    events: list[Event] = []
    forget(state, events.append)
    assert "ashore-gone" not in config.read_text()
    assert not events


def test_a_file_that_cannot_be_used_is_not_written_down(state: StackState, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(BROKEN)
    for path in (config, tmp_path, config / "below"):
        with pytest.raises(AshoreError, match=f"^{path}"):
            merge_into(Wish(), path)
    assert config.read_text() == BROKEN
    assert not Ledger(state.ledger).entries()


def test_what_became_unusable_is_told_and_the_rest_taken_out(
    state: StackState, tmp_path: Path
) -> None:
    broken, gone, good = (tmp_path / name for name in ("broken", "gone", "good"))
    broken.write_text(BROKEN)
    Ledger(state.ledger).record(KIND, str(broken))
    Ledger(state.ledger).record(KIND, str(gone))
    good.write_text(THEIRS)
    merge_into(Wish(), good)
    events: list[Event] = []
    forget(state, events.append)
    assert [event.level for event in events if isinstance(event, Note)] == ["warning"]
    assert f"the context ashore-gone was not taken out: {broken} is not" in str(events)
    assert broken.read_text() == BROKEN
    assert "ashore-gone" not in good.read_text()
