from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ashore.app import console, driver
from ashore.app.select import Chosen
from ashore.errors import AshoreError, ExitCode
from ashore.events import ignore
from ashore.model.load import loads_stack
from ashore.state.paths import StackState
from ashore.transport.ssh import Login


@pytest.fixture
def choose(tmp_path: Path) -> Callable[[str], Chosen]:
    def chosen(kind: str) -> Chosen:
        text = f"# {kind}\napiVersion: ashore/v1\nkind: Stack\nname: none\n"
        stack = replace(loads_stack(text, "test"), driver=kind)
        return Chosen(stack, "test", text, StackState(tmp_path / "none"), tmp_path / "cache")

    return chosen


def no_login() -> Login:
    raise AssertionError


def make(chosen: Chosen) -> driver.Machines:
    return driver.driver(chosen, lambda _kind, _name: None, no_login)


@pytest.mark.parametrize("kind", ["nspawn", "qemu"])
def test_the_file_names_the_driver(choose: Callable[[str], Chosen], kind: str) -> None:
    assert make(choose(kind)).name == kind


def test_a_stack_that_is_up_keeps_its_driver(choose: Callable[[str], Chosen]) -> None:
    made = choose("nspawn")
    made.state.make()
    made.state.keep_stack_file(made.text)
    assert make(made).name == "nspawn"
    with pytest.raises(AshoreError, match="made with `driver: nspawn`, not qemu") as error:
        make(choose("qemu"))
    assert "ashore down --stack none" in error.value.hint


@pytest.mark.parametrize("kind", ["nspawn", "qemu"])
def test_machines_wait_for_the_last_step_of_the_image(
    choose: Callable[[str], Chosen], kind: str
) -> None:
    keys = [step.key for step in driver.steps(choose(kind), ignore)]
    assert keys[-1] == "image"
    assert len(keys) == len(set(keys))


def test_a_virtual_machine_has_a_kernel_of_its_own(choose: Callable[[str], Chosen]) -> None:
    facts = driver.seen_by_machines(choose("qemu"))
    assert (facts.cgroup, facts.cap_sys_resource) == (2, True)


async def test_a_container_has_no_console(
    choose: Callable[[str], Chosen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(AshoreError, match="driver nspawn") as error:
        await console.attach(choose("nspawn"), "lb1")
    assert error.value.exit_code is ExitCode.USAGE
    with pytest.raises(AshoreError, match="no machine lb9"):
        await console.attach(choose("qemu"), "lb9")
    with pytest.raises(AshoreError, match="lb1 is not running"):
        await console.attach(choose("qemu"), "lb1")
