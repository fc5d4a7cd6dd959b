"""Who is made known to whom."""

from ashore.components.gluster.pool import Pool, detach
from ashore.model.types import Role
from tests.unit.components.gluster.machines import Machines, pool

A, B, C = "10.77.0.31", "10.77.0.32", "10.77.0.33"
INFO = b"UUID=x\noperating-version=110000\n"
WHOLE = {
    "st1": pool("u1", ("u2", B, True), ("u3", C, True)),
    "st2": pool("u2", ("u1", A, True), ("u3", C, True)),
    "st3": pool("u3", ("u1", A, True), ("u2", B, True)),
}


async def apply(**before: str) -> Machines:
    """The machines after `apply`; each shows its first view once, then the whole pool."""
    machines = Machines()
    for name, view in before.items():
        transport = machines.of[name]
        transport.answer("*pool list", view)
        transport.answer("*pool list", WHOLE[name])
        transport.answer("*")
        await transport.put("/var/lib/glusterd/glusterd.info", INFO)
    await Pool(machines.connect, machines.stack.of_role(Role.STORAGE)).apply()
    return machines


def acquainted(machines: Machines, name: str) -> list[str]:
    """The arguments of the script that writes who a machine is and whom it knows."""
    return [line.rpartition("' sh ")[2] for line in machines.commands(name, "hostname1")]


async def test_new_machines_keep_who_they_are() -> None:
    machines = await apply(st1=pool("u1"), st2=pool("u2"), st3=pool("u3"))
    assert acquainted(machines, "st1") == [f"u1 110000 u2={B} u3={C}"]
    assert acquainted(machines, "st3") == [f"u3 110000 u1={A} u2={B}"]
    assert not machines.commands("st1", "probe")


async def test_one_that_lost_its_disk_is_who_it_was() -> None:
    machines = await apply(
        st1=pool("new"),
        st2=pool("u2", ("u1", A, False), ("u3", C, True)),
        st3=pool("u3", ("u1", A, False), ("u2", B, True)),
    )
    assert acquainted(machines, "st1") == [f"u1 110000 u2={B} u3={C}"]
    assert not acquainted(machines, "st2")
    assert not acquainted(machines, "st3")


async def test_one_more_is_taken_in_by_a_member() -> None:
    machines = await apply(
        st1=pool("u1", ("u2", B, True)), st2=pool("u2", ("u1", A, True)), st3=pool("u3")
    )
    assert machines.commands("st1", "peer probe") == [f"gluster --mode=script peer probe {C}"]
    assert acquainted(machines, "st3") == [f"u3 110000 u1={A} u2={B}"]


async def test_what_is_missing_is_named() -> None:
    machines = Machines()
    views = {**WHOLE, "st2": pool("u2", ("u1", A, False))}
    for name, view in views.items():
        machines.of[name].answer("*", view)
    found = await Pool(machines.connect, machines.stack.of_role(Role.STORAGE)).drift()
    assert found == ["st2 does not reach st1", "st2 does not know st3"]


async def test_a_machine_that_is_off_is_forgotten_all_the_same() -> None:
    machines = Machines()
    first = machines.of["st1"]
    first.answer("*pool list", WHOLE["st1"])
    first.answer("*force")
    first.answer("*detach*", stderr="peer is down", returncode=1)
    member = machines.stack.of_role(Role.STORAGE)[0]
    await detach(machines.connect, member, C)
    assert first.commands[-1] == f"gluster --mode=script peer detach {C} force"
    await detach(machines.connect, member, "10.77.0.39")
    assert len(machines.commands("st1", "detach")) == 2
