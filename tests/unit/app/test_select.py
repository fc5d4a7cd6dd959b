import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from ashore.app.select import select
from ashore.errors import AshoreError, ExitCode


@dataclass
class Wish:
    file: Path | None = None
    stack: str | None = None


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("ASHORE_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def kept(state: Path, name: str) -> None:
    directory = state / name
    directory.mkdir(parents=True)
    (directory / "stack.yaml").write_text(f"name: {name}\nmachines: {{worker: {{count: 5}}}}\n")


def test_defaults_where_nothing_is_said_and_nothing_is_up(state: Path) -> None:
    chosen = select(Wish())
    assert (chosen.stack.name, chosen.source) == ("demo", "defaults")
    assert chosen.state.root == state / "demo"
    assert not state.exists()


def test_a_file_by_name(state: Path) -> None:
    Path("other.yaml").write_text("name: other\n")
    chosen = select(Wish(file=Path("other.yaml")))
    assert (chosen.stack.name, chosen.text) == ("other", "name: other\n")


def test_a_file_that_can_be_read_only_once(state: Path) -> None:
    out, into = os.pipe()
    os.write(into, b"name: piped\n")
    os.close(into)
    chosen = select(Wish(file=Path(f"/dev/fd/{out}")))
    os.close(out)
    assert (chosen.stack.name, chosen.text) == ("piped", "name: piped\n")


def test_stack_yaml_here_before_what_is_up(state: Path) -> None:
    kept(state, "up")
    Path("stack.yaml").write_text("name: here\n")
    assert select(Wish()).stack.name == "here"


def test_the_one_stack_that_is_up_by_its_kept_copy(state: Path) -> None:
    kept(state, "up")
    chosen = select(Wish())
    assert chosen.stack.name == "up"
    assert chosen.stack.machine("w5") is not None


def test_several_stacks_are_named(state: Path) -> None:
    kept(state, "one")
    kept(state, "two")
    with pytest.raises(AshoreError, match="one, two") as refused:
        select(Wish())
    assert refused.value.exit_code == ExitCode.USAGE
    assert select(Wish(stack="two")).stack.name == "two"


def test_a_name_is_enough_without_its_state(state: Path) -> None:
    assert select(Wish(stack="lost")).stack.name == "lost"


def test_file_and_name_exclude_each_other(state: Path) -> None:
    with pytest.raises(AshoreError, match="exclude"):
        select(Wish(Path("x.yaml"), "x"))
