from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ashore.app import console, driver, up
from ashore.app.select import Chosen
from ashore.drivers.base import Level
from ashore.drivers.qemu import kvm
from ashore.drivers.shared.programs import ProgramsStep
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


@pytest.mark.parametrize("kind", ["nspawn", "qemu", "virtualbox"])
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


async def test_up_with_another_driver_is_refused_each_time(
    choose: Callable[[str], Chosen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    made = choose("nspawn")
    made.state.make()
    made.state.keep_stack_file(made.text)
    for _ in range(2):
        with pytest.raises(AshoreError, match="made with `driver: nspawn`, not qemu"):
            await up.up(choose("qemu"), ignore, ask=False)
    assert made.state.stack_file_text() == made.text


@pytest.mark.parametrize("kind", ["nspawn", "qemu", "virtualbox"])
def test_machines_wait_for_the_last_step_of_the_image(
    choose: Callable[[str], Chosen], kind: str
) -> None:
    steps = driver.steps(choose(kind), ignore)
    keys = [step.key for step in steps]
    assert keys[-1] == "image"
    assert len(keys) == len(set(keys))
    assert {need for step in steps for need in step.needs} <= set(keys)


def test_the_disks_of_virtualbox_are_the_golden_ones_as_vdi(
    choose: Callable[[str], Chosen],
) -> None:
    *_, disk, programs = driver.steps(choose("virtualbox"), ignore)
    assert disk.key == "image/vdi"
    assert disk.key in programs.needs
    assert isinstance(programs, ProgramsStep)
    assert [programs.golden.disk.suffix, programs.golden.programs.suffix] == [".vdi", ".vdi"]
    raw = driver.steps(choose("qemu"), ignore)[-1]
    assert isinstance(raw, ProgramsStep)
    assert raw.golden.programs.parent != programs.golden.programs.parent


def test_the_disks_of_virtual_machines_take_room_beside_the_image(
    choose: Callable[[str], Chosen],
) -> None:
    rooms = [driver.room(choose(kind)).least for kind in ("nspawn", "qemu", "virtualbox")]
    assert rooms == sorted(set(rooms))


@pytest.mark.parametrize("kind", ["qemu", "virtualbox"])
def test_a_virtual_machine_has_a_kernel_of_its_own(
    choose: Callable[[str], Chosen], kind: str
) -> None:
    facts = driver.seen_by_machines(choose(kind))
    assert (facts.cgroup, facts.cap_sys_resource) == (2, True)


async def test_only_a_processor_of_qemu_is_emulated(
    choose: Callable[[str], Chosen], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def missing() -> str:
        return "there is none"

    monkeypatch.setattr(kvm, "missing", missing)
    monkeypatch.setattr(kvm, "known_missing", lambda: True)
    assert driver.seen_by_machines(choose("qemu")).slower == 10
    assert await driver.patience(choose("qemu")) > 1
    assert driver.seen_by_machines(choose("virtualbox")).slower == 1
    assert await driver.patience(choose("virtualbox")) == 1


async def test_without_virtualbox_nothing_is_begun(
    choose: Callable[[str], Chosen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name, path=None: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    chosen = choose("virtualbox")
    found = {finding.id: finding for finding in await driver.preflight(chosen)}
    assert found["vboxmanage"].level is Level.ERROR
    assert found["vboxmanage"].what == "VBoxManage is not installed"
    assert found["root"].level is Level.ERROR
    assert not chosen.state.root.exists()


async def test_where_there_is_no_console_to_open(
    choose: Callable[[str], Chosen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(AshoreError, match="driver nspawn") as error:
        await console.attach(choose("nspawn"), "lb1")
    assert error.value.exit_code is ExitCode.USAGE
    with pytest.raises(AshoreError, match="driver virtualbox") as error:
        await console.attach(choose("virtualbox"), "lb1")
    assert "machines/lb1/console.log" in error.value.hint
    with pytest.raises(AshoreError, match="no machine lb9"):
        await console.attach(choose("qemu"), "lb9")
    with pytest.raises(AshoreError, match="lb1 is not running"):
        await console.attach(choose("qemu"), "lb1")
