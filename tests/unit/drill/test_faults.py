"""Every drill of the catalogue: its texts, its commands, its undo."""

import re
import string

import pytest

from ashore.drill import catalogue, run
from ashore.drill.fault import Fault
from ashore.drill.faults.described import Commanded
from ashore.drill.faults.lab import LAB
from ashore.drill.measure import INTERVALS
from ashore.errors import AshoreError, ExitCode
from ashore.transport.base import MachineDown
from tests.unit.drill.fakes import Lab

EVERY: list[Fault] = [*catalogue.DRILLS.values(), *LAB]
ON = {"machine": "lb1", "other": "lb2", "second": "lb2", "balancer1": "lb1", "balancer2": "lb2"}


def words(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("fault", EVERY, ids=lambda fault: fault.name)
def test_texts_and_bounds(fault: Fault) -> None:
    assert words(fault.does) <= {"machine", "other", "second"}
    assert words(fault.expected) <= {"machine", "other"}
    assert fault.bounds
    assert {bound.probe for bound in fault.bounds} <= INTERVALS.keys()
    assert fault.lasts > 0
    assert not fault.title.endswith(".")


@pytest.mark.parametrize(
    "fault", [f for f in EVERY if isinstance(f, Commanded)], ids=lambda fault: fault.name
)
def test_scripts_are_complete(fault: Commanded) -> None:
    for script in (fault.breaks, fault.mends, fault.remains):
        made = script.format(**ON)
        assert "{machine}" not in made
        assert "{other}" not in made


async def test_a_command_is_undone_after_the_machine_was_switched_off(lab: Lab) -> None:
    """As fencing may have done; and the machine needs a while to boot."""
    hung = catalogue.find("haproxy-hung")
    lab.driver.off = {"lb1"}
    lab.machine.fail("*", MachineDown("lb1", "the machine is not running"))
    lab.machine.answer("*")
    await hung.undo(lab.world(), {"machine": "lb1", "other": "lb2"})
    assert lab.driver.done == ["on lb1"]
    assert len(lab.machine.commands) == 2
    assert "CONT" in lab.machine.commands[-1]


async def test_killed_machines_are_off_and_on_again(lab: Lab) -> None:
    killed = catalogue.find("balancers-killed")
    on = await killed.choose(lab.world())
    assert on == {"balancer1": "lb1", "balancer2": "lb2"}
    await killed.inject(lab.world(), on)
    assert sorted(lab.driver.done) == ["off lb1", "off lb2"]
    assert await killed.left(lab.world(), on) == ["lb1 is off", "lb2 is off"]
    await killed.undo(lab.world(), on)
    await killed.undo(lab.world(), on)
    assert lab.driver.done[2:] == ["on lb1", "on lb2"]
    assert await killed.left(lab.world(), on) == []


async def test_only_the_holder_is_killed(lab: Lab) -> None:
    await catalogue.find("holder-killed").inject(lab.world(), {"machine": "lb1", "other": "lb2"})
    assert lab.driver.done == ["off lb1"]


async def test_a_majority_of_etcd_is_hit_and_mended(lab: Lab) -> None:
    lost = catalogue.find("etcd-quorum-lost")
    on = await lost.choose(lab.world())
    assert on == {"machine": "cp3", "second": "cp2"}
    await lost.inject(lab.world(), on)
    assert sorted(lab.driver.done) == ["off cp2", "off cp3"]
    await lost.undo(lab.world(), on)
    assert await lost.left(lab.world(), on) == []


async def test_what_needs_up_is_mended_by_it(lab: Lab) -> None:
    rebooted = catalogue.find("host-rebooted")
    on = await rebooted.choose(lab.world())
    await rebooted.inject(lab.world(), on)
    assert len(lab.driver.off) == len(lab.world().stack.machines)
    await rebooted.undo(lab.world(), on)
    assert lab.mended == 1


def test_names_are_unique_and_an_unknown_one_lists_them() -> None:
    assert len({fault.name for fault in EVERY}) == len(EVERY)
    with pytest.raises(AshoreError, match="no drill nonsense") as caught:
        catalogue.find("nonsense")
    assert "holder-killed" in caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE


def test_the_suite_has_the_labs_names() -> None:
    assert catalogue.suite("pacemaker") == [
        "Flip", "Restart", "StartOnebyOne", "StopOnebyOne", "RestartOnebyOne", "SimulStart",
        "SimulStop", "Standby", "MaintenanceMode", "ResourceRecover", "ComponentFail",
        "SplitBrain", "Reattach", "NearQuorumPoint",
    ]  # fmt: skip
    with pytest.raises(AshoreError, match="no suite x"):
        catalogue.suite("x")


def test_the_list_says_what_a_stack_cannot(lab: Lab) -> None:
    listed = {each["name"]: each for each in run.listing(lab.world())}
    assert listed["holder-killed"]["cannot"] == ""
    assert "cannot cut links" in listed["link-cut"]["cannot"]
    assert listed["Flip"]["suite"] == "pacemaker"


@pytest.mark.parametrize("verdicts", [("pass",), ("pass", "unknown"), ("fail",)])
def test_the_exit_code_is_5_unless_all_passed(verdicts: tuple[str, ...]) -> None:
    code = run.exit_code([{"verdict": verdict} for verdict in verdicts])
    assert code == (ExitCode.DONE if set(verdicts) == {"pass"} else ExitCode.DRILL)


def test_no_script_ends_processes_by_a_broad_name() -> None:
    scripts = [f.breaks + f.mends for f in EVERY if isinstance(f, Commanded)]
    assert not [s for s in scripts if re.search(r"\bpkill|killall", s)]
