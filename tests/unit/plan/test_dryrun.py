import pytest

from ashore.errors import AshoreError
from ashore.plan.dryrun import Change, plan
from ashore.transport.base import CommandFailed, MachineDown

from .fakes import FakeStep


def in_place(key: str, needs: tuple[str, ...] = ()) -> FakeStep:
    return FakeStep(key, needs, differences=[])


async def test_nothing_is_applied_and_reasons_are_given() -> None:
    steps = [in_place("image"), FakeStep("w1/machine", ("image",), machine="w1")]
    changes = await plan(steps)
    assert changes == [Change("w1/machine", "w1", "make w1/machine", "machines", ("not there",))]
    assert [s.applied for s in steps] == [0, 0]


async def test_a_machine_that_is_down_is_a_change_after_what_starts_it() -> None:
    down = MachineDown("w1", "not running")
    changes = await plan(
        [
            FakeStep("w1/machine", machine="w1", title="start"),
            in_place("w1/boot", ("w1/machine",)),
            FakeStep("w1/kubeadm", ("w1/boot",), asking_error=down),
            FakeStep("w2/kubeadm", asking_error=MachineDown("w2", "not running")),
        ]
    )
    assert [(c.key, c.reasons) for c in changes] == [
        ("w1/machine", ("not there",)),
        ("w2/kubeadm", ("w2: not running",)),
        ("w1/kubeadm", ("after: w1: start",)),
    ]


async def test_what_cannot_be_asked_yet_is_a_change_but_else_an_error() -> None:
    failed = CommandFailed("exit 1: kubectl get nodes", "look at the log", None)
    asks = FakeStep("kube/api", ("cp1/kubeadm",), asking_error=failed)
    changes = await plan([FakeStep("cp1/kubeadm"), asks])
    assert changes[1].reasons == ("after: make cp1/kubeadm",)
    with pytest.raises(AshoreError, match=r"\(kube/api\)\nexit 1: kubectl get nodes") as caught:
        await plan([in_place("cp1/kubeadm"), asks])
    assert caught.value.hint == "look at the log"


async def test_a_bug_in_a_step_is_never_a_change() -> None:
    with pytest.raises(KeyError):
        await plan([FakeStep("a"), FakeStep("b", ("a",), asking_error=KeyError("x"))])
