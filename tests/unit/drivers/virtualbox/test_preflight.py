from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ashore.drivers.base import Level
from ashore.drivers.virtualbox import preflight
from ashore.drivers.virtualbox.names import Names
from ashore.drivers.virtualbox.vboxmanage import Listed, VBoxManage
from ashore.supply.base import Room
from tests.unit.drivers.virtualbox.stacks import STACK


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ((6, 1, 50), Level.ERROR),
        ((7, 0, 0), Level.OK),
        ((7, 1, 8), Level.OK),
        ((7, 2, 22), Level.OK),
        ((7, 3, 0), Level.WARNING),
        ((8, 0, 0), Level.WARNING),
    ],
)
def test_versions(version: tuple[int, int, int], level: Level) -> None:
    finding = preflight.of_version(version)
    assert finding.level is level
    assert bool(finding.fix) is (level is not Level.OK)


def test_names() -> None:
    own = Listed("ashore-demo-gw", Names("demo").uuid("gw"))
    assert preflight.of_names(STACK, [own]).level is Level.OK
    other = Listed("ashore-demo-gw", "11111111-2222-3333-4444-555555555555")
    assert preflight.of_names(STACK, [other]).level is Level.ERROR


@pytest.mark.parametrize(
    ("cidr", "level"),
    [("10.79.213.0/24", Level.OK), ("10.0.2.0/24", Level.ERROR), ("10.0.0.0/16", Level.ERROR)],
)
def test_the_nats_own_network_is_not_the_stacks(cidr: str, level: Level) -> None:
    stack = replace(STACK, network=replace(STACK.network, cidr=IPv4Network(cidr)))
    assert preflight.of_network(stack).level is level


@pytest.mark.parametrize(
    ("module", "setting", "level"),
    [
        ("kvm_intel", "Y", Level.WARNING),
        ("kvm_amd", "Y", Level.WARNING),
        ("kvm_intel", "N", Level.OK),
        ("kvm_intel", None, Level.OK),
        (None, "Y", Level.OK),
    ],
)
def test_kvm_that_holds_the_extension(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str | None,
    setting: str | None,
    level: Level,
) -> None:
    parameter = tmp_path / "kvm/parameters/enable_virt_at_load"
    parameter.parent.mkdir(parents=True)
    if setting is not None:
        parameter.write_text(f"{setting}\n")
    if module is not None:
        (tmp_path / module).mkdir()
    monkeypatch.setattr(preflight, "_KVM", parameter)
    finding = preflight.of_kvm()
    assert finding.level is level
    assert (f"modprobe -r {module}" in finding.fix) is (level is Level.WARNING)


@pytest.mark.spawns
@pytest.mark.parametrize("command", [(), ("no-such-program-of-virtualbox",)])
async def test_a_missing_program_is_an_error(tmp_path: Path, command: tuple[str, ...]) -> None:
    found = await preflight.preflight(STACK, tmp_path, tmp_path, Room(0, 0), VBoxManage(command))
    (finding,) = [f for f in found if f.id == "vboxmanage"]
    assert finding.level is Level.ERROR
    assert "install VirtualBox" in finding.fix
