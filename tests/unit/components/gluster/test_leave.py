"""When a storage machine may go."""

import pytest

from ashore.components.gluster.leave import index_of, leave, refuse
from ashore.errors import AshoreError
from ashore.model.load import loads_stack
from tests.unit.components.gluster.machines import GOLDEN, Machines, pool

NONE = loads_stack("machines: {storage: {count: 0}}")


def test_names() -> None:
    assert [index_of(name) for name in ("st1", "st18", "w1", "st0", "storage")] == [
        1, 18, None, None, None,
    ]  # fmt: skip


def test_the_last_storage_machines_do_not_go_unasked() -> None:
    with pytest.raises(AshoreError, match="st1, st2 hold the shared volume"):
        refuse(NONE, ["st1", "w3", "st2"])
    refuse(NONE, ["w3"])
    refuse(loads_stack("{}"), ["st4", "st5", "st6"])


async def test_a_machine_with_a_brick_stays() -> None:
    machines = Machines()
    said = (GOLDEN / "volume-info.xml").read_text().replace("10.77.0.33", "10.77.0.34")
    machines.of["st1"].answer("*volume info*", said)
    with pytest.raises(AshoreError, match="st4: the shared volume still has a brick on it"):
        await leave(machines.connect, machines.stack, "st4")


async def test_a_machine_without_one_is_forgotten() -> None:
    machines = Machines()
    first = machines.of["st1"]
    first.answer("*volume info*", (GOLDEN / "volume-info.xml").read_text())
    first.answer("*pool list", pool("u1", ("u4", "10.77.0.34", True)))
    first.answer("*")
    await leave(machines.connect, machines.stack, "st4")
    assert first.commands[-1] == "gluster --mode=script peer detach 10.77.0.34"
