from ashore.drivers.virtualbox.names import Names, strangers
from ashore.drivers.virtualbox.vboxmanage import Listed
from tests.unit.drivers.virtualbox.stacks import STACK

DEMO = Names("demo")


def test_a_machine_is_known_by_its_vm() -> None:
    assert DEMO.machine("ashore-demo-cp1") == "cp1"
    assert DEMO.machine("ashore-demo-") is None
    assert DEMO.machine("ashore-demo2-cp1") is None
    # Of the stack `demo-2`.
    assert DEMO.machine("ashore-demo-2-cp1") is None
    assert DEMO.machine("<inaccessible>") is None


def test_identifiers_follow_from_the_names() -> None:
    assert DEMO.uuid("cp1") == Names("demo").uuid("cp1")
    assert len({DEMO.uuid("cp1"), DEMO.uuid("cp2"), Names("other").uuid("cp1")}) == 3
    assert DEMO.nat_mac != Names("other").nat_mac


def test_ports_stay_below_those_that_the_kernel_gives_out() -> None:
    ports = [Names(f"stack{i}").ssh_port for i in range(200)]
    assert 22000 <= min(ports) <= max(ports) < 30000
    assert len(set(ports)) > 190


def test_a_vm_of_the_same_name_is_a_strangers() -> None:
    own = Listed("ashore-demo-gw", DEMO.uuid("gw"))
    other = Listed("ashore-demo-cp1", "11111111-2222-3333-4444-555555555555")
    assert strangers(STACK, [own, Listed("windows", other.uuid)]) == []
    assert strangers(STACK, [own, other]) == ["ashore-demo-cp1"]
