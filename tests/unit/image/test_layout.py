from ashore.image.layout import PE_START, layout
from ashore.model.load import default_stack, loads_stack
from ashore.model.types import DISK_RESERVED, Disk

MIB = 1024**2


def test_the_default_disk_leaves_room_in_the_group() -> None:
    plan = layout(default_stack().disk)
    assert [v.mount for v in plan.volumes] == [
        "/",
        *(f"/{n}" for n in ("usr", "var", "tmp", "opt")),
    ]
    assert plan.free > 4096 * MIB
    assert plan.lvm_start + plan.lvm_size < plan.size


def test_volumes_follow_one_another_in_whole_extents() -> None:
    plan = layout(Disk("debian/trixie", 4096 * MIB, (("root", 257 * MIB), ("usr", 8 * MIB))))
    first, second = plan.volumes
    assert first.size == 260 * MIB
    assert plan.offset(first) == plan.lvm_start + PE_START
    assert plan.offset(second) == plan.offset(first) + first.size


def test_a_disk_that_the_rules_let_pass_holds_its_volumes() -> None:
    """The rules count with DISK_RESERVED; what is laid out must need no more."""
    stack = loads_stack(
        "disk: {size: 4GiB, volumes: {root: 256MiB, usr: 1.5GiB, var: 1916MiB, "
        "tmp: 64MiB, opt: 64MiB}}"
    )
    plan = layout(stack.disk)
    assert sum(v.size for v in plan.volumes) + DISK_RESERVED == stack.disk.size
    assert plan.free == 0
