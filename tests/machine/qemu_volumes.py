"""Logical volumes of a running virtual machine: grown under a writer, kept, and taken back.

`make test-qemu` runs it; its name keeps it out of `make test`, as software
emulation takes a minute for a boot.
"""

import asyncio
import time
from collections.abc import Iterator

import pytest

from ashore.components.lvm import change, probe
from ashore.components.lvm.steps import Volumes
from ashore.drivers.qemu.driver import QemuDriver
from ashore.errors import AshoreError
from tests.contract import machines
from tests.contract.machines import GATEWAY, blueprint, booted, eventually

MIB = 1024**2
NAME = GATEWAY.name
WRITTEN = "/opt/written"
# A line a write, each on the disk before the next one begins.
WRITER = f"""\
import itertools, os
file = os.open("{WRITTEN}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_DSYNC)
acknowledged = os.open("/run/acknowledged", os.O_WRONLY | os.O_CREAT)
for number in itertools.count():
    os.write(file, f"{{number}}\\n".encode())
    os.pwrite(acknowledged, f"{{number:12}}".encode(), 0)
"""


@pytest.fixture(scope="module")
def driver() -> Iterator[QemuDriver]:
    for made in machines.drivers("qemu"):
        assert isinstance(made, QemuDriver)
        yield made


async def test_a_machine_boots_with_the_volumes_of_the_golden_disk(driver: QemuDriver) -> None:
    await driver.fabric_apply()
    await driver.machine_apply(blueprint(GATEWAY))
    await booted(driver.transport(NAME))
    found = await probe.group(driver.transport, NAME)
    mounts = {v.mount: v.name for v in found.volumes}
    assert mounts == {"/": "root", **{f"/{v}": v for v in ("usr", "var", "tmp", "opt")}}
    assert all(v.filesystem == v.size and v.used for v in found.volumes)
    assert found.free > 1024 * MIB


async def test_a_volume_grows_while_it_is_written_to(driver: QemuDriver) -> None:
    transport = driver.transport(NAME)
    before = (await probe.group(driver.transport, NAME)).find("opt")
    assert before is not None
    await transport.put("/run/writer.py", WRITER.encode())
    await transport.run(["systemd-run", "--unit=writer", "python3", "-I", "/run/writer.py"])
    await eventually(transport, "test", "-s", "/run/acknowledged")
    began = time.monotonic()
    after = await change.grow(driver.transport, NAME, "opt", before.size + 64 * MIB)
    print(f"\ngrown by 64 MiB under a writer in {time.monotonic() - began:.1f} s")  # noqa: T201
    assert after.size == after.filesystem == before.size + 64 * MIB
    first = int((await transport.get("/run/acknowledged")).decode())
    for _ in range(600):
        if int((await transport.get("/run/acknowledged")).decode()) > first:
            break
        await asyncio.sleep(0.1)
    await transport.run(["systemctl", "stop", "writer"])
    acknowledged = int((await transport.get("/run/acknowledged")).decode())
    assert acknowledged > first
    lines = (await transport.get(WRITTEN)).decode().split()
    assert lines[: acknowledged + 1] == [str(n) for n in range(acknowledged + 1)]


async def test_the_file_makes_it_grow_and_never_shrink(driver: QemuDriver) -> None:
    found = await probe.group(driver.transport, NAME)
    sizes = {v.name: v.size for v in found.volumes}
    wanted = (("tmp", sizes["tmp"] + 32 * MIB), ("var", 256 * MIB))
    step = Volumes(driver.transport, NAME, wanted)
    assert [line.partition(" ")[0] for line in await step.drift()] == ["tmp"]
    await step.apply()
    assert await step.drift() == []
    after = {v.name: v.size for v in (await probe.group(driver.transport, NAME)).volumes}
    assert after == {**sizes, "tmp": sizes["tmp"] + 32 * MIB}


async def test_a_growth_that_was_interrupted_is_ended(driver: QemuDriver) -> None:
    found = (await probe.group(driver.transport, NAME)).find("opt")
    assert found is not None
    await driver.transport(NAME).run(["lvextend", "-q", "-L", f"+{4 * MIB}b", "vg0/opt"])
    step = Volumes(driver.transport, NAME, (("opt", found.size + 4 * MIB),))
    assert await step.drift() != []
    await step.apply()
    assert await step.drift() == []


async def test_a_shrink_and_too_much_are_refused(driver: QemuDriver) -> None:
    found = await probe.group(driver.transport, NAME)
    for size, why in ((64 * MIB, "never made smaller"), (found.size + found.free, "free")):
        with pytest.raises(AshoreError, match=why):
            await change.grow(driver.transport, NAME, "opt", size)
    with pytest.raises(AshoreError, match="no volume home"):
        await change.grow(driver.transport, NAME, "home", found.size)
    with pytest.raises(AshoreError, match="is no snapshot"):
        await change.remove(driver.transport, NAME, "opt")
    assert await probe.group(driver.transport, NAME) == found


async def test_the_group_gets_a_disk_that_is_plugged_in(driver: QemuDriver) -> None:
    before = await probe.group(driver.transport, NAME)
    began = time.monotonic()
    await driver.disk_add(NAME, "disk1", 512 * MIB)
    await driver.disk_add(NAME, "disk1", 512 * MIB)
    after = await change.extend(driver.transport, NAME, "disk1")
    print(f"\na disk in the group in {time.monotonic() - began:.1f} s")  # noqa: T201
    assert 500 * MIB < after.size - before.size <= 512 * MIB
    assert await change.extend(driver.transport, NAME, "disk1") == after
    assert driver.disks(NAME) == {"disk1": 512 * MIB}
    with pytest.raises(AshoreError, match="already"):
        await driver.disk_add(NAME, "disk1", 256 * MIB)


async def test_a_mounted_volume_is_rolled_back_at_the_next_start(driver: QemuDriver) -> None:
    transport = driver.transport(NAME)
    await transport.put("/opt/file", b"kept")
    await transport.run(["sync"])
    began = time.monotonic()
    kept = await change.snapshot(driver.transport, NAME, "opt", "before", None)
    print(f"\nsnapshot in {time.monotonic() - began:.1f} s")  # noqa: T201
    assert (kept.origin, kept.invalid) == ("opt", False)
    await transport.put("/opt/file", b"changed")
    await transport.run(["sync"])
    assert await change.rollback(driver.transport, NAME, "before") is False
    merging = (await probe.group(driver.transport, NAME)).find("before")
    assert merging is not None
    assert merging.merging
    with pytest.raises(AshoreError, match="rolled back"):
        await change.remove(driver.transport, NAME, "before")
    await driver.power_off(NAME)
    await driver.power_on(NAME)
    await booted(transport)
    assert await transport.get("/opt/file") == b"kept"
    await eventually(transport, "sh", "-c", "! lvs vg0/before")


async def test_a_snapshot_is_removed_and_one_that_ran_full_is_told(driver: QemuDriver) -> None:
    transport = driver.transport(NAME)
    await change.snapshot(driver.transport, NAME, "opt", "old", None)
    await change.remove(driver.transport, NAME, "old")
    await change.snapshot(driver.transport, NAME, "opt", "small", 4 * MIB)
    await transport.run(["dd", "if=/dev/urandom", "of=/opt/much", "bs=1M", "count=32"])
    await transport.run(["sync"])
    found = (await probe.group(driver.transport, NAME)).find("small")
    assert found is not None
    assert found.invalid
    with pytest.raises(AshoreError, match="ran full"):
        await change.rollback(driver.transport, NAME, "small")
    await change.remove(driver.transport, NAME, "small")
    assert (await probe.group(driver.transport, NAME)).find("small") is None
