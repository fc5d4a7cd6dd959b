"""How the load balancers fence, by the stack's own Redfish or by a real server's BMC; and what
a brick is on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from ashore import recipe
from ashore.app import up
from ashore.app.select import Chosen
from ashore.components.gluster.steps import steps as gluster_steps
from ashore.components.lvm.brick import Brick
from ashore.components.pacemaker import cib
from ashore.drivers.base import Blueprint
from ashore.errors import AshoreError
from ashore.events import ignore
from ashore.model.host import HostFacts
from ashore.model.load import loads_stack
from ashore.model.types import Machine, Role, Storage, VolumeType
from ashore.pki.authority import make_ca
from ashore.plan.step import Context
from ashore.state.paths import StackState
from ashore.transport.fake import RecordingTransport


class Kept:
    """Secrets that are their own name, which a test recognises."""

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        return make() if name == "ca.pem" else name.encode()


def context(text: str, directory: Path) -> Context:
    return Context(
        stack=loads_stack(text),
        connect=lambda _: RecordingTransport(),
        secrets=Kept(),
        files=directory,
        emit=ignore,
        upstream=None,
        facts=HostFacts(cgroup=2, cap_sys_resource=True),
    )


@pytest.fixture
def real(tmp_path: Path) -> str:
    """A stack file with a BMC of its own for lb1."""
    password, ca = tmp_path / "password", tmp_path / "ca.pem"
    password.write_text("opensesame\n")
    password.chmod(0o600)
    ca.write_bytes(make_ca("bmc").cert)
    return (
        "machines: {loadbalancer: {bmc: {lb1: {address: 192.0.2.11,"
        " system: /redfish/v1/Systems/System.Embedded.1, account: fence,"
        f" passwordFile: {password}, ca: {ca}}}}}}}}}\n"
    )


def test_the_cluster_is_the_same_but_for_address_and_account(real: str, tmp_path: Path) -> None:
    own, other = context("{}", tmp_path), context(real, tmp_path)
    before = cib.render(own.stack, recipe.fences(own)).splitlines()
    after = cib.render(other.stack, recipe.fences(other)).splitlines()
    assert len(before) == len(after)
    changed = [(a.strip(), b.strip()) for a, b in zip(before, after, strict=True) if a != b]

    def pair(name: str, value: str) -> str:
        where = f"fence-lb1-attributes-{name}"
        return f'<nvpair id="{where}" name="{name}" value="{value}" />'

    assert changed == [
        (pair("ip", "10.77.0.3"), pair("ip", "192.0.2.11")),
        (pair("ipport", "8443"), pair("ipport", "443")),
        (pair("username", "lb1"), pair("username", "fence")),
        (pair("password", "bmc/lb1.password"), pair("password", "opensesame")),
        (
            pair("systems_uri", "/redfish/v1/Systems/lb1"),
            pair("systems_uri", "/redfish/v1/Systems/System.Embedded.1"),
        ),
    ]


def test_who_fences_trusts_what_vouches_for_the_bmc(real: str, tmp_path: Path) -> None:
    from ashore.components.pacemaker.render import fragment

    ctx = context(real, tmp_path)
    made = fragment(ctx.stack, recipe.fences(ctx), "OWN\n", ctx.facts)
    trusted = {f.path.rpartition("/")[2]: f.content for f in made.files if f.path.endswith(".crt")}
    assert trusted == {
        "ashore.crt": "OWN\n",
        "ashore-fence-lb1.crt": (tmp_path / "ca.pem").read_text(),
    }
    assert sum("ashore-fence-lb1.crt" in command for command in made.commands) == 1


async def test_up_touches_nothing_if_a_password_is_not_there(
    real: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "require_root", lambda _: None)
    (tmp_path / "password").unlink()
    state = StackState(tmp_path / "state")
    chosen = Chosen(loads_stack(real), "stack.yaml", real, state, tmp_path / "cache")
    with pytest.raises(AshoreError, match="password: No such file"):
        await up.up(chosen, ignore, ask=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.pem"]


@pytest.mark.parametrize(
    ("patience", "fenced_first"), [(1.0, ()), (20.0, ("lb/floating", "lb/fencing"))]
)
def test_on_a_slow_host_other_machines_wait_until_load_balancers_can_fence(
    patience: float, fenced_first: tuple[str, ...], tmp_path: Path
) -> None:
    ctx = context("{}", tmp_path)
    ctx = replace(ctx, facts=replace(ctx.facts, patience=patience))
    assert recipe.made_after(ctx, Role.GATEWAY) == ()
    assert recipe.made_after(ctx, Role.LOADBALANCER) == ("bmc",)
    for role in (Role.CONTROLPLANE, Role.WORKER, Role.STORAGE):
        assert recipe.made_after(ctx, role) == fenced_first


class Directories:
    """A driver whose machines have no disks of their own."""


class Disks:
    """A driver whose machines have."""

    def blank_disk(self, directory: str) -> str:
        return f"/dev/disk/by-id/{directory.rpartition('/')[2]}"


@pytest.mark.parametrize("disks", [False, True])
def test_a_brick_is_on_lvm_where_machines_have_disks(
    disks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, str | None] = {}
    blank: dict[str, tuple[str, ...]] = {}

    def fragments(_ctx: object, machine: Machine, _access: object, brick: str | None) -> list[Any]:
        asked[machine.name] = brick
        return []

    def blueprint(
        _ctx: object, machine: Machine, _parts: object, without: tuple[str, ...]
    ) -> Blueprint:
        blank[machine.name] = without
        return Blueprint(machine, "", "", "")

    monkeypatch.setattr(recipe, "fragments", fragments)
    monkeypatch.setattr(recipe, "blueprint", blueprint)
    ctx, driver = context("{}", tmp_path), cast("Any", Disks() if disks else Directories())
    made = recipe.machines(ctx, driver, cast("Any", None))
    found = {step.key: step for step in made if isinstance(step, Brick)}
    names = ["st1", "st2", "st3"] if disks else []
    assert list(found) == [f"{name}/brick" for name in names]
    assert [name for name, disk in asked.items() if disk] == names
    assert {name: each for name, each in blank.items() if each} == dict.fromkeys(
        names, ("/srv/brick",)
    )
    for step in found.values():
        assert (step.disk, step.place) == ("/dev/disk/by-id/brick", "/srv/brick")
    assert Storage(VolumeType.REPLICA).brick.startswith(f"{recipe.BRICKS}/")


def test_glusterd_waits_for_its_brick(tmp_path: Path) -> None:
    ctx = context("{}", tmp_path)
    for after in ("config", "brick"):
        daemons = [s for s in gluster_steps(ctx, after=after) if s.key.endswith("/glusterd")]
        assert [step.needs for step in daemons] == [(f"st{i}/{after}",) for i in (1, 2, 3)]
