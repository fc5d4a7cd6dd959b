"""What real machines have said, read."""

import pytest

from ashore.components.gluster import probe
from ashore.model.types import Storage, VolumeType
from ashore.transport.base import CommandFailed
from tests.unit.components.gluster.machines import ABSENT, GOLDEN, Machines

SHARED = Storage(VolumeType.REPLICA)


async def test_the_pool() -> None:
    machines = Machines()
    machines.of["st2"].answer("*pool list", (GOLDEN / "pool-list.xml").read_text())
    seen = await probe.peers(machines.connect, "st2")
    assert sorted(p.names[0] for p in seen) == ["10.77.0.31", "10.77.0.33", "localhost"]
    assert all(p.connected for p in seen)


async def test_the_volume() -> None:
    machines = Machines()
    machines.of["st2"].answer("*volume info shared", (GOLDEN / "volume-info.xml").read_text())
    seen = await probe.volume(machines.connect, "st2", SHARED)
    assert seen is not None
    assert seen.type is VolumeType.REPLICA
    assert seen.started
    assert seen.bricks == ("10.77.0.31", "10.77.0.32", "10.77.0.33")
    assert seen.options["features.hard-timeout"] == "0"


async def test_no_volume_is_an_answer_and_silence_is_none() -> None:
    machines = Machines()
    machines.of["st1"].answer("*", ABSENT.replace("<cli", "<?xml version='1.0'?><cli", 1))
    assert await probe.volume(machines.connect, "st1", SHARED) is None
    machines.of["st2"].answer("*", "Connection failed.", returncode=1)
    with pytest.raises(CommandFailed, match="st2: gluster volume info shared: Connection failed"):
        await probe.volume(machines.connect, "st2", SHARED)


async def test_what_waits_to_be_healed() -> None:
    machines = Machines()
    said = (GOLDEN / "heal-summary.xml").read_text()
    machines.of["st1"].answer("*", said)
    seen = await probe.healing(machines.connect, "st1", SHARED)
    assert seen.wrong() == ["8 entries wait to be healed"]
    machines.of["st2"].answer("*", said.replace("Connected", "Transport endpoint is not", 1))
    silent = await probe.healing(machines.connect, "st2", SHARED)
    assert silent.wrong()[0] == "the brick on 10.77.0.31 does not answer"


async def test_a_brick() -> None:
    machines = Machines()
    machines.of["st1"].answer("*", "stopped\next4 1000 400\n")
    seen = await probe.brick(machines.connect, "st1", SHARED)
    assert seen == probe.BrickState(False, "ext4", 1000, 400)


async def test_a_mount_that_is_broken_says_so() -> None:
    machines = Machines()
    machines.of["w1"].answer("*", "/srv/shared does not answer\n", returncode=1)
    assert await probe.mount(machines.connect, "w1", SHARED) == "/srv/shared does not answer"
