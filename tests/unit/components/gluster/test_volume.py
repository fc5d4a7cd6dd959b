"""How the volume differs from the file, and what is done about it."""

import pytest

from ashore.components.gluster import bricks
from ashore.components.gluster.pool import Pool
from ashore.components.gluster.render import options
from ashore.components.gluster.volume import SharedVolume
from ashore.errors import AshoreError
from ashore.model.load import loads_stack
from ashore.model.types import Role
from tests.unit.components.gluster.machines import ABSENT, GOLDEN, ONLINE, Machines

XML = "<?xml version='1.0'?>"
OFFLINE = (
    f"{XML}<cliOutput><opRet>0</opRet><node><hostname>10.77.0.33</hostname>"
    "<path>/srv/brick/shared</path><status>0</status></node></cliOutput>"
)


def info() -> str:
    """The recorded volume, with the options of the default stack."""
    said = (GOLDEN / "volume-info.xml").read_text()
    return said.replace("st1,st2,st3,w1<", "st1,st2,st3,w1,w2<")


def step(machines: Machines) -> SharedVolume:
    storage = machines.stack.storage
    assert storage is not None
    pool = Pool(machines.connect, machines.stack.of_role(Role.STORAGE))
    return SharedVolume(machines.context, storage, pool)


def answering(said: str, *, status: str = XML + ONLINE, look: str = "whole", file: str = "{}"):
    machines = Machines(loads_stack(file))
    machines.everywhere("*volume info*", said)
    machines.everywhere("*volume status*", status)
    machines.everywhere("*indices*", "whole")
    return machines


async def test_in_place() -> None:
    assert await step(answering(info())).drift() == []


async def test_none() -> None:
    assert await step(answering(XML + ABSENT)).drift() == ["there is no shared volume"]


async def test_an_option_that_somebody_changed() -> None:
    said = info().replace("<value>majority<", "<value>none<")
    machines = answering(said)
    assert await step(machines).drift() == ["cluster.favorite-child-policy is none"]


async def test_a_brick_that_does_not_run() -> None:
    machines = answering(info(), status=OFFLINE)
    machines.of["st3"] = type(machines.of["st3"])()
    machines.of["st3"].answer("*volume info*", info())
    machines.of["st3"].answer("*indices*", "lost")
    found = await step(machines).drift()
    assert found == ["the brick of st3 does not run", "the brick of st3 is lost"]


async def test_machines_more_and_less() -> None:
    more = answering(info(), file="machines: {storage: {count: 6}}")
    said = await step(more).drift()
    assert [f"st{i} has no brick of it" for i in (4, 5, 6)] == said[:3]


@pytest.mark.parametrize("kind", ["arbiter", "disperse"])
async def test_another_type_is_refused(kind: str) -> None:
    machines = answering(info(), file=f"storage: {{type: {kind}}}")
    with pytest.raises(AshoreError, match=f"is of type replica.* cannot make it {kind}"):
        await step(machines).drift()


async def test_a_brick_directory_that_holds_something_is_refused() -> None:
    machines = Machines()
    machines.everywhere("*volume info*", XML + ABSENT)
    machines.everywhere("*rmdir*", "")
    machines.of["st2"] = type(machines.of["st2"])()
    machines.of["st2"].answer("*volume info*", XML + ABSENT)
    machines.of["st2"].answer("*rmdir*", "precious\n", returncode=1)
    with pytest.raises(AshoreError, match=r"st2: /srv/brick/shared is no brick .* precious"):
        await step(machines).apply()
    assert not machines.commands("st1", "volume create")


def test_a_disperse_volume_has_no_options_of_replicas() -> None:
    stack = loads_stack("storage: {type: disperse}")
    assert stack.storage is not None
    assert "cluster.quorum-type" not in options(stack, stack.storage)
    assert options(stack, stack.storage)["auth.ssl-allow"] == "st1,st2,st3,w1,w2"


async def test_filling_is_asked_for_until_the_self_heal_daemon_takes_it() -> None:
    machines = Machines()
    asked = "gluster --mode=script volume heal shared full"
    machines.of["st3"].answer(asked, stderr="Mgmt brick op 'Heal' failed.", returncode=1)
    machines.of["st3"].answer(asked)
    machines.of["st3"].answer("rm -f *")
    (machine,) = (m for m in machines.stack.machines if m.name == "st3")
    assert machines.stack.storage is not None
    await bricks.fill(machines.connect, machine, machines.stack.storage)
    assert machines.of["st3"].commands == [asked, asked, "rm -f /srv/brick/shared.unfilled"]
