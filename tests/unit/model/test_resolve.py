"""The address plan: from the file alone, distinct, and unmoved when counts grow."""

from ipaddress import IPv4Address, IPv4Network
from itertools import product

import pytest

from ashore.model import addresses
from ashore.model.load import default_stack, loads_stack
from ashore.model.types import Role, Stack, Storage, VolumeType

COUNTS = [
    (*counts, 0 if sum(counts) % 2 else 18)
    for counts in product((1, 2, 3, 8, 9), (0, 1, 2, 3, 50, 99, 100))
]


def stack_of(
    control_planes: int, workers: int, storage: int = 18, name: str = "demo", cidr: str = ""
) -> Stack:
    network = f"network: {{cidr: {cidr}}}\n" if cidr else ""
    return loads_stack(
        f"name: {name}\n{network}machines:\n"
        f"  controlplane: {{count: {control_planes}}}\n"
        f"  worker: {{count: {workers}}}\n"
        f"  storage: {{count: {storage}}}\n"
    )


def test_the_default_stack() -> None:
    stack = default_stack()
    assert [(m.name, str(m.address)) for m in stack.machines] == [
        ("gw", "10.77.0.2"),
        ("lb1", "10.77.0.11"),
        ("lb2", "10.77.0.12"),
        ("cp1", "10.77.0.21"),
        ("cp2", "10.77.0.22"),
        ("cp3", "10.77.0.23"),
        ("w1", "10.77.0.100"),
        ("w2", "10.77.0.101"),
        ("st1", "10.77.0.31"),
        ("st2", "10.77.0.32"),
        ("st3", "10.77.0.33"),
    ]
    assert stack.network.host == IPv4Address("10.77.0.1")
    assert stack.network.floating == IPv4Address("10.77.0.10")
    assert stack.network.dynamic == (IPv4Address("10.77.0.200"), IPv4Address("10.77.0.229"))
    assert stack.network.services == (IPv4Address("10.77.0.230"), IPv4Address("10.77.0.254"))
    assert stack.kubernetes.dns == IPv4Address("10.96.0.10")
    assert stack.api_name == "api.demo.internal"
    assert stack.warnings == ()


def test_an_empty_mapping_is_the_default_stack() -> None:
    assert loads_stack("{}") == default_stack()


@pytest.mark.parametrize(("control_planes", "workers", "storage"), COUNTS)
def test_addresses_and_macs_are_distinct(control_planes: int, workers: int, storage: int) -> None:
    stack = stack_of(control_planes, workers, storage)
    assert len(stack.machines) == 3 + control_planes + workers + storage
    fixed = [stack.network.host, stack.network.floating, *stack.network.dynamic]
    taken = [m.address for m in stack.machines] + fixed
    assert len(set(taken)) == len(taken)
    assert len({m.mac for m in stack.machines}) == len(stack.machines)
    assert len({m.name for m in stack.machines}) == len(stack.machines)
    for low, high in (stack.network.dynamic, stack.network.services):
        assert not any(low <= m.address <= high for m in stack.machines)
    assert all(address in stack.network.cidr for address in taken)


@pytest.mark.parametrize("name", ["demo", "other"])
def test_growth_moves_nothing(name: str) -> None:
    largest = {m.name: m for m in stack_of(9, 100, name=name).machines}
    for counts in COUNTS:
        for machine in stack_of(*counts, name=name).machines:
            assert machine == largest[machine.name]


@pytest.mark.parametrize("cidr", ["10.77.0.0/24", "192.168.4.0/22", "172.16.0.0/12"])
def test_the_plan_keeps_its_offsets_in_every_network(cidr: str) -> None:
    base = IPv4Network(cidr).network_address
    for machine in stack_of(9, 100, cidr=cidr).machines:
        offset = int(machine.address) - int(base)
        assert offset == addresses.ROLES[machine.role].first + machine.index - 1
        assert offset in addresses.ROLES[machine.role]


def test_planned_ranges_do_not_overlap() -> None:
    offsets = [o for planned in addresses.PLANNED for o in range(planned.first, planned.last + 1)]
    assert len(set(offsets)) == len(offsets)
    assert addresses.FLOATING not in offsets


def test_macs_are_local_unicast_and_of_one_stack() -> None:
    macs = [m.mac for name in ("demo", "other") for m in stack_of(9, 100, name=name).machines]
    assert len(set(macs)) == len(macs)
    assert all(int(mac[:2], 16) & 0b11 == 0b10 for mac in macs)
    assert addresses.mac("demo", "gw") == "02:62:87:cc:b4:4b"


def test_limits_of_a_role_are_those_of_its_machines() -> None:
    stack = loads_stack("machines: {worker: {cpus: 0.5, memory: 1GiB}}")
    assert {(m.cpus, m.memory) for m in stack.of_role(Role.WORKER)} == {(0.5, 1024**3)}
    assert {m.cpus for m in stack.of_role(Role.CONTROLPLANE)} == {2}


@pytest.mark.parametrize("kind", list(VolumeType))
def test_the_volume_is_of_the_type_in_the_file(kind: VolumeType) -> None:
    assert loads_stack(f"storage: {{type: {kind}}}").storage == Storage(kind)


def test_without_storage_machines_there_is_no_volume() -> None:
    stack = loads_stack("machines: {storage: {count: 0}}")
    assert stack.storage is None
    assert stack.of_role(Role.STORAGE) == ()
