import pytest

from ashore.drivers.shared.names import Names


def test_an_interface_name_fits_the_kernel() -> None:
    assert Names("demo").veth == "as-demo"
    assert Names("exactly-12chr").veth != "as-exactly-12chr"
    assert Names("twelve-chars").veth == "as-twelve-chars"
    names = {Names(f"a-stack-with-a-long-name-{i}").veth for i in range(50)}
    assert len(names) == 50
    assert all(len(name) == 15 for name in names)


def test_addresses_are_local_unicast_and_stable() -> None:
    first = int(Names("demo").bridge_mac[:2], 16)
    assert first & 0b11 == 0b10
    assert Names("demo").bridge_mac == Names("demo").bridge_mac != Names("dem").bridge_mac


@pytest.mark.parametrize("other", ["demo2", "demo-2", "emo"])
def test_no_name_of_a_stack_is_anothers(other: str) -> None:
    mine, theirs = Names("demo"), Names(other)
    for machine in ("gw", "cp1"):
        assert mine.netns(machine) != theirs.netns(machine)
        assert not theirs.netns(machine).startswith(f"{mine.fabric}.")
        assert mine.unit(machine) != theirs.unit(machine)
