"""What a dead run or a reboot of the host left, and what is not the stack's."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ashore.drivers.base import PowerState
from ashore.drivers.nspawn.driver import NspawnDriver
from ashore.errors import AshoreError, ExitCode
from tests.contract.machines import DATA, GATEWAY, STACK, blueprint, eventually, traces

pytestmark = pytest.mark.machines

FABRIC = f"ashore-{STACK.name}"
NETNS = Path("/run/netns")


def command(*argv: str) -> None:
    subprocess.run(argv, check=True)


def ip(*arguments: str) -> None:
    command("ip", *arguments)


@pytest.fixture(autouse=True)
def nothing_before(driver: NspawnDriver) -> Iterator[None]:
    yield
    subprocess.run(["ip", "link", "delete", "br-contract"], check=False, capture_output=True)


async def come_up(driver: NspawnDriver) -> None:
    await driver.fabric_apply()
    await driver.machine_apply(blueprint(GATEWAY))
    assert await driver.fabric_drift() == []
    assert await driver.machine_drift(blueprint(GATEWAY)) == []


async def test_empty_namespaces_and_a_file_without_namespace(driver: NspawnDriver) -> None:
    ip("netns", "add", FABRIC)
    (NETNS / f"{FABRIC}.gw").touch()
    await come_up(driver)
    assert await driver.destroy() == []
    assert traces() == []


async def test_control_groups_of_a_dead_machine(driver: NspawnDriver) -> None:
    for root in Path("/sys/fs/cgroup").iterdir():
        if (root / "cgroup.procs").exists():
            (root / FABRIC / "gw/payload/system.slice/old.service").mkdir(parents=True)
    assert await driver.states() == {"gw": PowerState.OFF}
    await come_up(driver)
    assert await driver.destroy() == []
    assert traces() == []


async def test_a_half_made_machine_is_made_anew(driver: NspawnDriver, state: Path) -> None:
    half = state / "machines/gw/upper/etc/old"
    half.mkdir(parents=True)
    await come_up(driver)
    assert not half.exists()
    assert await driver.destroy() == []


async def test_a_mount_below_the_state_is_not_deleted_through(
    driver: NspawnDriver, state: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious").touch()
    target = state / "machines/gw/data/mounted"
    target.mkdir(parents=True)
    command("mount", "--bind", str(tmp_path), str(target))
    assert await driver.destroy() == []
    assert (tmp_path / "precious").exists()
    assert traces() == []


async def test_a_reboot_of_the_host(driver: NspawnDriver, state: Path, tmp_path: Path) -> None:
    """Everything in memory is gone, the files are not: as after a destroy that spared them."""
    await come_up(driver)
    await driver.transport("gw").put(f"{DATA}/data", b"kept")
    aside = tmp_path / "machines"
    await driver.power_off("gw")
    shutil.move(state / "machines", aside)
    assert await driver.destroy() == []
    shutil.move(aside, state / "machines")
    assert await driver.states() == {"gw": PowerState.OFF}
    await come_up(driver)
    assert await driver.transport("gw").get(f"{DATA}/data") == b"kept"
    assert await driver.destroy() == []


async def test_the_fabric_went_away_below_a_machine(driver: NspawnDriver) -> None:
    await come_up(driver)
    ip("netns", "delete", FABRIC)  # the veth goes with it, a moment later
    assert await driver.fabric_drift()
    await come_up(driver)
    assert await driver.destroy() == []


async def test_anothers_things_stay(driver: NspawnDriver) -> None:
    others = [f"{FABRIC}x", f"{FABRIC}-2", f"{FABRIC}-2.gw"]
    try:
        for name in others:
            ip("netns", "add", name)
        await come_up(driver)
        assert await driver.destroy() == []
        assert all((NETNS / name).exists() for name in others)
    finally:
        for name in others:
            ip("netns", "delete", name)


async def test_a_network_of_the_host_is_not_taken(driver: NspawnDriver) -> None:
    ip("link", "add", "br-contract", "type", "bridge")
    ip("address", "add", "10.79.213.77/28", "dev", "br-contract")
    ip("link", "set", "br-contract", "up")
    with pytest.raises(AshoreError, match=r"collides.*10\.79\.213\.64/28") as error:
        await driver.fabric_apply()
    assert error.value.exit_code is ExitCode.HOST
    assert await driver.destroy() == []


async def test_anothers_link_of_the_same_name_is_not_taken(driver: NspawnDriver) -> None:
    veth = f"as-{STACK.name}"
    ip("link", "add", veth, "type", "bridge")
    try:
        with pytest.raises(AshoreError, match=veth):
            await driver.fabric_apply()
        assert await driver.destroy() == []
    finally:
        ip("link", "delete", veth)


async def test_the_bridge_went_away_below_a_machine(driver: NspawnDriver) -> None:
    await come_up(driver)
    ip("-n", FABRIC, "link", "delete", "br0")
    assert "the link of gw is off the bridge" in await driver.fabric_drift()
    await come_up(driver)
    ping = ["ping", "-c1", "-W1", str(STACK.network.host)]
    await eventually(driver.transport("gw"), *ping)
    assert await driver.destroy() == []
