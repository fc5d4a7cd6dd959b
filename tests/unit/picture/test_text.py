from ashore.model.load import default_stack, loads_stack
from ashore.picture.text import plain


def test_every_machine_has_a_line_with_its_address() -> None:
    stack = default_stack()
    lines = plain(stack).splitlines()
    for machine in stack.machines:
        (line,) = [line for line in lines if f" {machine.name} " in f"{line} "]
        assert str(machine.address) in line


def test_the_floating_ip_is_there() -> None:
    assert "api  10.77.0.10   floating IP" in plain(default_stack())


def test_status_is_a_word() -> None:
    lines = plain(default_stack(), {"cp1": True, "cp2": False}).splitlines()
    assert [line.split()[-1] for line in lines if " cp" in line] == ["up", "down", "10.77.0.23"]


def test_no_workers() -> None:
    lines = plain(loads_stack("machines: {worker: {count: 0}}")).splitlines()
    assert any(line.startswith("├─ workers") and line.endswith("none") for line in lines)


def test_the_last_role_ends_the_tree() -> None:
    for file, role in (("{}", "storage"), ("machines: {storage: {count: 0}}", "workers")):
        lines = plain(loads_stack(file)).splitlines()
        (last,) = [line for line in lines if line.startswith("└─")]
        assert role in last


def test_no_line_ends_in_blanks() -> None:
    assert all(line == line.rstrip() for line in plain(default_stack()).splitlines())


def test_the_link_of_a_stack_in_virtualbox_is_a_tunnel() -> None:
    lines = plain(loads_stack("driver: virtualbox")).splitlines()
    assert lines[3:5] == ["│ tunnel", "intnet"]
    assert plain(default_stack()).splitlines()[3:5] == ["│ veth", "br0"]
