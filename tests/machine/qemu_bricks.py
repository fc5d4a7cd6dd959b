"""A brick on a thin volume of a real machine: made, refused, kept, snapshotted, and filled.

`make test-qemu` runs it; its name keeps it out of `make test`, as software
emulation takes a minute for a boot.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from ashore.components.gluster import render
from ashore.components.lvm import thin
from ashore.components.lvm.brick import Brick
from ashore.drivers.qemu.driver import QemuDriver
from ashore.errors import AshoreError
from ashore.model.fragment import File
from ashore.model.types import Role, Storage, VolumeType
from ashore.pki.authority import Pair
from ashore.recipe import BRICKS
from ashore.transport.base import CommandFailed, Connect, Transport
from tests.contract import machines
from tests.contract.machines import DATA, GATEWAY, STACK, blueprint, booted, eventually

MIB = 1024**2
NAME = GATEWAY.name
OTHER, SMALL = "/dev/disk/by-id/virtio-other", "/dev/disk/by-id/virtio-small"
VOLUME = f"{GATEWAY.address}:/one"


@pytest.fixture(scope="module")
def driver() -> Iterator[QemuDriver]:
    for made in machines.drivers("qemu"):
        assert isinstance(made, QemuDriver)
        yield made


@pytest.fixture
def transport(driver: QemuDriver) -> Transport:
    return driver.transport(NAME)


@pytest.fixture
def step(driver: QemuDriver) -> Brick:
    return Brick(driver.transport, NAME, driver.blank_disk(BRICKS), BRICKS)


def glusterd() -> File:
    """What a storage machine's glusterd is told beside its own unit."""
    shared = Storage(VolumeType.REPLICA)
    machine = replace(GATEWAY, role=Role.STORAGE)
    files = render.fragment(STACK, shared, machine, Pair(b"", b""), b"", BRICKS).files
    (found,) = (file for file in files if "/glusterd.service.d/" in file.path)
    return found


async def gluster(transport: Transport, *words: str) -> str:
    return (await transport.run(["gluster", "--mode=script", *words], timeout=300)).text


class Interrupted(Exception):
    """Instead of a command."""


def until(connect: Connect, commands: int) -> Connect:
    """Machines that do so many commands and no more."""
    left = commands

    class Cut:
        async def run(self, argv: Sequence[str], **options: Any) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Interrupted
            return await connect(NAME).run(argv, **options)

    return lambda _: cast("Transport", Cut())


async def test_the_disk_is_there_and_blank(driver: QemuDriver, step: Brick) -> None:
    await driver.fabric_apply()
    await driver.machine_apply(blueprint(GATEWAY, data=(DATA, BRICKS), blank=(BRICKS,)))
    transport = driver.transport(NAME)
    await booted(transport)
    for file in (*thin.fragment().files, glusterd()):
        assert isinstance(file.content, str)
        await transport.run(["mkdir", "-p", file.path.rpartition("/")[0]])
        await transport.put(file.path, file.content.encode())
    await transport.run(["systemctl", "daemon-reload"])
    assert len(await step.drift()) == 5
    kept = await transport.run(["findmnt", "-no", "FSTYPE", DATA])
    assert kept.text.split() == ["ext4"]


async def test_a_disk_that_holds_something_is_refused(
    driver: QemuDriver, transport: Transport
) -> None:
    await driver.disk_add(NAME, "other", 64 * MIB)
    await eventually(transport, "test", "-e", OTHER)
    await transport.run(["mkfs.ext4", "-q", "-L", "precious", OTHER])
    await transport.run(["mount", OTHER, "/mnt"])
    await transport.put("/mnt/file", b"kept")
    held = Brick(driver.transport, NAME, OTHER, BRICKS)
    for work in (held.drift, held.apply):
        with pytest.raises(AshoreError, match="holds: ext4 precious, mounted at /mnt"):
            await work()
    await transport.run(["umount", "/mnt"])
    with pytest.raises(AshoreError, match=r"holds: ext4 precious$"):
        await held.apply()
    # LVM's own refusal is behind that one.
    with pytest.raises(CommandFailed, match="ext4"):
        await transport.run(["vgcreate", "-q", thin.GROUP, OTHER])
    await transport.run(["mount", OTHER, "/mnt"])
    assert await transport.get("/mnt/file") == b"kept"
    await transport.run(["umount", "/mnt"])
    for disk, what in (("/dev/vda", "part /dev/vda1"), ("/dev/vda2", "of the group vg0")):
        with pytest.raises(AshoreError, match=what):
            await Brick(driver.transport, NAME, disk, BRICKS).apply()


async def test_it_goes_on_wherever_it_was_interrupted(
    driver: QemuDriver, transport: Transport, step: Brick
) -> None:
    # Within vgcreate, between its two halves.
    await transport.run(["pvcreate", "-q", step.disk])
    before = 6
    for commands in range(2, 20):
        left = Brick(until(driver.transport, commands), NAME, step.disk, BRICKS)
        try:
            await left.apply()
        except Interrupted:
            missing = len(await step.drift())
            assert missing <= before
            before = missing
        else:
            break
        found = await thin.look(driver.transport, NAME, step.disk, BRICKS)
        if thin.UNFORMATTED in found.volumes:
            # Within mkfs: something is there, and no file system.
            half = ["dd", "if=/dev/urandom", f"of=/dev/{thin.GROUP}/{thin.UNFORMATTED}"]
            await transport.run([*half, "bs=4096", "count=1", "conv=fsync"])
    assert await step.drift() == []
    found = await thin.look(driver.transport, NAME, step.disk, BRICKS)
    assert found.volumes == {thin.POOL, thin.VOLUME}
    assert found.pool is not None
    assert found.pool.data < 5
    assert "isize=512" in (await transport.run(["xfs_info", BRICKS])).text


async def test_nobody_writes_below_it_while_it_is_not_mounted(
    transport: Transport, step: Brick
) -> None:
    await transport.run(["umount", BRICKS])
    with pytest.raises(CommandFailed, match="not permitted"):
        await transport.run(["mkdir", f"{BRICKS}/shared"])
    assert await step.drift() == [f"nothing is mounted at {BRICKS}"]
    await step.apply()
    assert await step.drift() == []
    await transport.run(["mkdir", f"{BRICKS}/shared"])


async def test_it_survives_a_reboot(driver: QemuDriver, transport: Transport, step: Brick) -> None:
    await transport.put(f"{BRICKS}/kept", b"kept")
    await transport.run(["systemctl", "enable", "glusterd"])
    await transport.run(["sync"])
    await driver.power_off(NAME)
    await driver.power_on(NAME)
    await booted(transport)
    await eventually(transport, "gluster", "pool", "list")
    assert await transport.get(f"{BRICKS}/kept") == b"kept"
    assert await step.drift() == []


async def test_glusterd_does_not_start_without_its_brick(transport: Transport, step: Brick) -> None:
    await transport.run(["systemctl", "stop", "glusterd"], timeout=300)
    await transport.run(["umount", BRICKS])
    # A mount that fails at once.
    await transport.run(["sed", "-i", "s/ xfs noatime/ xfs nonsense/", "/etc/fstab"])
    await transport.run(["systemctl", "daemon-reload"])
    with pytest.raises(CommandFailed, match="ependency"):
        await transport.run(["systemctl", "start", "glusterd"], timeout=300)
    await transport.run(["sed", "-i", "s/ xfs nonsense/ xfs noatime/", "/etc/fstab"])
    await transport.run(["systemctl", "daemon-reload"])
    await step.apply()
    assert await step.drift() == []
    await transport.run(["systemctl", "start", "glusterd"], timeout=300)


async def test_gluster_keeps_what_a_volume_holds(transport: Transport) -> None:
    await eventually(transport, "gluster", "pool", "list")
    await gluster(transport, "volume", "create", "one", f"{GATEWAY.address}:{BRICKS}/shared")
    await gluster(transport, "volume", "start", "one")
    await transport.run(["mkdir", "-p", "/run/one", "/run/old"])
    await eventually(transport, "mount", "-t", "glusterfs", VOLUME, "/run/one")
    await transport.put("/run/one/file", b"before")
    began = time.monotonic()
    await gluster(transport, "snapshot", "create", "kept", "one", "no-timestamp")
    print(f"\nsnapshot in {time.monotonic() - began:.1f} s")  # noqa: T201
    await transport.put("/run/one/file", b"after")
    await gluster(transport, "snapshot", "activate", "kept")
    old = f"{GATEWAY.address}:/snaps/kept/one"
    await eventually(transport, "mount", "-t", "glusterfs", old, "/run/old")
    assert await transport.get("/run/old/file") == b"before"
    assert await transport.get("/run/one/file") == b"after"
    await transport.run(["umount", "/run/old", "/run/one"])
    await gluster(transport, "snapshot", "delete", "kept")
    await gluster(transport, "volume", "stop", "one")
    await gluster(transport, "volume", "delete", "one")
    volumes = await transport.run(["lvs", "--noheadings", "-o", "lv_name", thin.GROUP])
    assert sorted(volumes.text.split()) == [thin.VOLUME, thin.POOL]


async def test_a_pool_grows_and_then_warns(driver: QemuDriver, transport: Transport) -> None:
    await transport.run(["umount", BRICKS])
    await transport.run(["vgremove", "-q", "--yes", thin.GROUP], timeout=300)
    await driver.disk_add(NAME, "small", 512 * MIB)
    await eventually(transport, "test", "-e", SMALL)
    step = Brick(driver.transport, NAME, SMALL, BRICKS)
    await step.apply()
    at_first = await pool(driver)
    assert at_first.warnings() == []
    # A brick is no larger than its pool: only what a snapshot keeps beside it fills it.
    await write(transport, 0, 15)
    origin = f"{thin.GROUP}/{thin.VOLUME}"
    await transport.run(["lvcreate", "-q", "--snapshot", "--name", "old", origin], timeout=300)
    for part in range(15):
        await write(transport, part, 1)
        now = await pool(driver)
        if now.warnings() and now.size > at_first.size:
            break
        if now.warnings():
            await larger(driver, now)
    else:
        pytest.fail(f"no warning: {now}")
    print(f"\n{at_first} became {now}: {now.warnings()}")  # noqa: T201
    assert "its brick's thin pool is " in now.warnings()[0]


async def pool(driver: QemuDriver) -> thin.Pool:
    found = (await thin.look(driver.transport, NAME, SMALL, BRICKS)).pool
    assert found is not None
    return found


async def larger(driver: QemuDriver, than: thin.Pool) -> None:
    """Wait until LVM has extended the pool by itself."""
    deadline = asyncio.get_running_loop().time() + 120
    while (await pool(driver)).size == than.size:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(1)


async def write(transport: Transport, start: int, count: int) -> None:
    """So many pieces of 16 MiB of one file, from a place on."""
    argv = ["dd", "if=/dev/zero", f"of={BRICKS}/much", "bs=16M", "conv=notrunc,fsync"]
    await transport.run([*argv, f"seek={start}", f"count={count}"], timeout=300)
