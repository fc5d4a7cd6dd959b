import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Event, RunDone, RunStarted, StepDone, StepFailed, StepStarted
from ashore.host.run import command_log
from ashore.plan.critical import WAITING
from ashore.plan.runner import StepError, apply
from ashore.state.journal import Journal, Result, entries
from ashore.transport.base import MachineDown

from .fakes import FakeStep, forever


class Run:
    """One run in a directory, with everything that it emitted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[Event] = []

    def log(self, key: str) -> Path:
        return self.path / "logs" / f"{key.replace('/', '.')}.log"

    async def __call__(
        self,
        steps: Sequence[FakeStep],
        *,
        limit: int | None = None,
        grace: float = 60.0,
        settles: float = 0.0,
        emit: Emit | None = None,
    ) -> RunDone:
        return await apply(
            steps,
            verb="up",
            stack="demo",
            emit=emit or self.events.append,
            logs=self.log,
            journal=Journal(self.path / "journal", "1"),
            limit=limit,
            grace=grace,
            settles=settles,
        )

    def results(self) -> list[tuple[str, Result]]:
        return [(e.step, e.result) for e in entries(self.path / "journal")]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


async def test_changed_and_unchanged_steps(run: Run) -> None:
    steps = [FakeStep("image", differences=[]), FakeStep("w1/machine", ("image",), machine="w1")]
    done = await run(steps)
    assert (done.changed, done.unchanged) == (1, 1)
    path = [name for name, _ in done.critical_path if name != WAITING]
    assert path == ["make image", "w1: make w1/machine"]
    last = run.events[-2]
    assert isinstance(last, StepDone)
    assert sum(seconds for _, seconds in done.critical_path) == pytest.approx(last.at)
    assert [type(e) for e in run.events] == [RunStarted, StepDone, StepStarted, StepDone, RunDone]
    started = run.events[2]
    assert isinstance(started, StepStarted)
    assert started.reasons == ("not there",)
    assert [s.asked for s in steps] == [1, 2]
    assert run.results() == [
        ("image", Result.UNCHANGED),
        ("w1/machine", Result.STARTED),
        ("w1/machine", Result.CHANGED),
    ]
    assert not run.log("image").exists()
    assert "differs: not there" in run.log("w1/machine").read_text()


async def test_a_second_run_changes_nothing(run: Run) -> None:
    steps = [FakeStep("a"), FakeStep("b", ("a",))]
    await run(steps)
    assert (await run(steps)).changed == 0
    assert [s.applied for s in steps] == [1, 1]


async def test_independent_steps_run_at_once_and_dependent_ones_do_not(run: Run) -> None:
    meeting = asyncio.Barrier(3)

    async def meet() -> None:
        async with asyncio.timeout(60):
            await meeting.wait()

    trio = [FakeStep(f"w{n}", ("a",), work=meet) for n in range(3)]

    async def after_all() -> None:
        assert all(not s.differences for s in trio)

    await run([FakeStep("a"), *trio, FakeStep("z", ("w0", "w1", "w2"), work=after_all)])


async def test_a_bound_on_steps_at_once(run: Run) -> None:
    now = most = 0

    async def count() -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(3):
            await asyncio.sleep(0)
        now -= 1

    await run([FakeStep(f"w{n}", work=count) for n in range(6)], limit=2)
    assert most == 2


async def test_each_step_has_a_log_of_its_own(run: Run) -> None:
    def says(word: str) -> FakeStep:
        async def work() -> None:
            sink = command_log.get()
            assert sink is not None
            await asyncio.sleep(0)
            sink(f"$ echo {word}")

        return FakeStep(f"{word}/machine", work=work)

    await run([says("w1"), says("w2")])
    assert command_log.get() is None
    for word, other in (("w1", "w2"), ("w2", "w1")):
        text = run.log(f"{word}/machine").read_text()
        assert f"$ echo {word}\n" in text
        assert f"echo {other}" not in text


async def test_a_failure_names_everything(run: Run) -> None:
    error = AshoreError("exit 1: kubeadm init", "look at the kubelet", ExitCode.HOST)
    steps = [
        FakeStep("cp1/kubeadm", machine="cp1", title="start the cluster", error=error),
        FakeStep("kube/api", ("cp1/kubeadm",)),
    ]
    with pytest.raises(StepError) as caught:
        await run(steps)
    assert caught.value.message == (
        "cp1: start the cluster failed (cp1/kubeadm)\n"
        f"exit 1: kubeadm init\nlog: {run.log('cp1/kubeadm')}"
    )
    assert (caught.value.hint, caught.value.exit_code) == ("look at the kubelet", ExitCode.HOST)
    assert steps[1].asked == 0
    failed = run.events[-1]
    assert isinstance(failed, StepFailed)
    assert failed.log == str(run.log("cp1/kubeadm"))
    assert run.results()[-1] == ("cp1/kubeadm", Result.FAILED)
    assert "failed: exit 1: kubeadm init" in run.log("cp1/kubeadm").read_text()


async def test_running_steps_may_end_after_a_failure_but_none_begins(run: Run) -> None:
    failed = asyncio.Event()

    async def until_failed() -> None:
        await failed.wait()

    async def fail() -> None:
        asyncio.get_running_loop().call_soon(failed.set)
        raise AshoreError("broken")

    slow = FakeStep("slow", work=until_failed)
    after = FakeStep("after", ("slow",))
    with pytest.raises(StepError, match="broken"):
        await run([slow, FakeStep("bad", work=fail), after])
    assert not slow.differences
    assert after.asked == 0
    assert ("slow", Result.CHANGED) in run.results()


async def test_a_running_step_that_never_ends_is_given_up_after_a_failure(run: Run) -> None:
    stuck = FakeStep("stuck", work=forever)
    with pytest.raises(StepError, match=r"broken\n(.|\n)*failed as well: stuck, log: .*stuck\.log"):
        await run([stuck, FakeStep("bad", error=AshoreError("broken"))], grace=0.01)
    assert stuck.cancelled
    assert run.results()[-1] == ("stuck", Result.FAILED)


async def test_a_step_that_still_differs_has_failed(run: Run) -> None:
    with pytest.raises(StepError, match="did not converge: not there"):
        await run([FakeStep("a", stubborn=True)])


async def test_a_step_that_differs_for_a_moment_may_settle(run: Run) -> None:
    step = FakeStep("a", settles_after=2)
    done = await run([step], settles=60.0)
    assert (done.changed, step.asked) == (1, 3)


async def test_a_machine_that_is_down_is_a_difference(run: Run) -> None:
    step = FakeStep("w1/config", asking_error=MachineDown("w1", "not running"))

    async def start() -> None:
        step.asking_error = None

    step.work = start
    assert (await run([step])).changed == 1


async def test_a_bug_fails_the_step_and_leaves_its_traceback_in_the_log(run: Run) -> None:
    with pytest.raises(StepError, match="unexpected KeyError: 'x'") as caught:
        await run([FakeStep("a", asking_error=KeyError("x"))])
    assert isinstance(caught.value.__cause__, KeyError)
    assert "Traceback" in run.log("a").read_text()


async def test_cancelled_every_running_step_is_cancelled_and_waited_for(run: Run) -> None:
    both = asyncio.Barrier(3)

    async def hang() -> None:
        await both.wait()
        await forever()

    steps = [FakeStep("a", work=hang), FakeStep("b", work=hang), FakeStep("c", ("a",))]
    task = asyncio.create_task(run(steps))
    async with asyncio.timeout(60):
        await both.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [s.cancelled for s in steps] == [True, True, False]
    interrupted = [step for step, result in run.results() if result is Result.INTERRUPTED]
    assert sorted(interrupted) == ["a", "b"]


class Killed(BaseException):
    """The process ends here, as far as files can tell."""


@pytest.mark.parametrize("after", range(1, 8))
async def test_killed_at_any_point_what_was_written_can_be_read_and_a_new_run_goes_on(
    run: Run, after: int
) -> None:
    steps = [FakeStep("a"), FakeStep("b", ("a",)), FakeStep("c", ("b",))]

    def die(event: Event) -> None:
        run.events.append(event)
        if len(run.events) == after:
            raise Killed

    with pytest.raises((Killed, BaseExceptionGroup)):
        await run(steps, emit=die)
    before = run.results()
    assert all(isinstance(result, Result) for _, result in before)
    done = await run(steps)
    assert done.changed + done.unchanged == 3
    assert [s.applied for s in steps] == [1, 1, 1]
    assert run.results()[: len(before)] == before
