"""Walks the graph of steps, as parallel as their needs allow."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, RunDone, RunStarted, StepDone, StepFailed, StepStarted
from ashore.host.run import command_log
from ashore.plan.critical import Span, critical_path, name_of
from ashore.plan.graph import Graph
from ashore.plan.step import Step
from ashore.plan.steplog import StepLog
from ashore.state.journal import Journal, Result
from ashore.transport.base import MachineDown

ASKING = 8
"""Steps that ask for their differences at once: each starts a program or two, on few cores."""

GRACE = 30.0
"""Seconds that running steps may still take once another one has failed."""

SETTLES = 60.0
"""Seconds in which a step that was applied may still differ: on a busy computer a single look
may get no answer, or find a daemon that reconsiders. On a computer with a load of
30 an API server called itself unready for more than 10."""

_LOOK_EVERY = 0.5


class StepError(AshoreError):
    """A step failed, and with it the run.

    Attributes:
        key: of the first step that failed.
        log: path of its log.
    """

    def __init__(
        self, step: Step, cause: Exception, log: Path, others: Sequence[tuple[str, Path]]
    ) -> None:
        message, hint = describe(cause)
        lines = [
            f"{name_of(step)} failed ({step.key})",
            message,
            f"log: {log}",
            *(f"failed as well: {key}, log: {path}" for key, path in others),
        ]
        code = cause.exit_code if isinstance(cause, AshoreError) else ExitCode.FAILED
        super().__init__("\n".join(lines), hint, code)
        self.key = step.key
        self.log = log


def describe(error: Exception) -> tuple[str, str]:
    """Message and hint of what a step raised; an unknown exception is named as the bug it is."""
    if isinstance(error, AshoreError):
        return error.message, error.hint
    if isinstance(error, TimeoutError | OSError) and str(error):
        return str(error), ""
    return f"unexpected {type(error).__name__}: {error}", "its traceback is in the log"


async def apply(
    steps: Iterable[Step],
    *,
    verb: str,
    stack: str,
    emit: Emit,
    logs: Callable[[str], Path],
    journal: Journal,
    limit: int | None = None,
    grace: float = GRACE,
    settles: float = SETTLES,
) -> RunDone:
    """Bring every step about.

    After the first failure no further step starts; running ones get `grace`
    seconds to end, so that what they do is not cut in half. Cancelled, all
    running steps are cancelled and waited for.

    Args:
        logs: path of a step's log by its key.
        limit: steps that run at once at most; None for no bound.
        settles: seconds until a step that was applied must no longer differ.

    Raises:
        StepError: names step, machine, cause, hint and log.
    """
    graph = Graph.of(steps)
    emit(RunStarted(verb, stack, len(graph.steps), graph.layers()))
    run = _Run(graph, emit, logs, journal, limit, grace, settles)
    await run.walk()
    if run.failures:
        (step, error), *others = run.failures
        raise StepError(
            step, error, logs(step.key), [(s.key, logs(s.key)) for s, _ in others]
        ) from error
    done = RunDone(
        verb,
        stack,
        run.now(),
        len(run.changed),
        len(graph.steps) - len(run.changed),
        critical_path(graph, run.spans),
    )
    emit(done)
    return done


class _Run:
    def __init__(
        self,
        graph: Graph,
        emit: Emit,
        logs: Callable[[str], Path],
        journal: Journal,
        limit: int | None,
        grace: float,
        settles: float,
    ) -> None:
        self.spans: dict[str, Span] = {}
        self.changed: set[str] = set()
        self.failures: list[tuple[Step, Exception]] = []
        self._graph = graph
        self._emit = emit
        self._logs = logs
        self._journal = journal
        self._grace = grace
        self._settles = settles
        self._started = time.monotonic()
        self._asking = asyncio.Semaphore(ASKING)
        self._running = asyncio.Semaphore(limit or max(1, len(graph.steps)))
        self._deadlines: dict[str, asyncio.Timeout] = {}

    def now(self) -> float:
        """Seconds since the start of the run."""
        return time.monotonic() - self._started

    async def walk(self) -> None:
        waiting = {key: len(set(step.needs)) for key, step in self._graph.steps.items()}
        async with asyncio.TaskGroup() as group:

            async def visit(key: str) -> None:
                if not await self._visit(self._graph.steps[key]):
                    return
                for dependent in self._graph.dependents[key]:
                    waiting[dependent] -= 1
                    if not waiting[dependent]:
                        group.create_task(visit(dependent), name=dependent)

            for key in [key for key, count in waiting.items() if not count]:
                group.create_task(visit(key), name=key)

    async def _visit(self, step: Step) -> bool:
        """Run one step; whether its dependents may start."""
        async with self._running:
            log = StepLog(self._logs(step.key), f"{step.key}: {name_of(step)}")
            command_log.set(log.line)
            visit = _Visit(step, log, self.now())
            deadline = self._deadlines[step.key] = asyncio.timeout(None)
            try:
                async with deadline:
                    await self._converge(visit)
            except asyncio.CancelledError:
                self._interrupted(visit)
                raise
            except Exception as error:
                self._failed(visit, self._late() if deadline.expired() else error)
            finally:
                del self._deadlines[step.key]
                log.close()
        return not self.failures

    async def _converge(self, visit: "_Visit") -> None:
        """Ask, apply, ask again."""
        step, log = visit.step, visit.log
        async with self._asking:
            if self.failures:
                return
            visit.start = self.now()
            reasons = await _differences(step)
        if reasons and not self.failures:
            log.phase("differs: " + "; ".join(reasons))
            log.open()
            self._journal.write(step.key, Result.STARTED, 0.0, log=str(log.path))
            at = self.now()
            self._emit(
                StepStarted(step.key, step.title, step.layer, step.machine, at, tuple(reasons))
            )
            await step.apply()
            log.phase("applied")
            if remaining := await self._remaining(step):
                raise AshoreError("did not converge: " + "; ".join(remaining))
            log.phase("in place")
        if not reasons or log.opened:
            self._done(visit, bool(reasons))

    async def _remaining(self, step: Step) -> list[str]:
        deadline = self.now() + self._settles
        while (remaining := await _differences(step)) and self.now() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY)
        return remaining

    def _done(self, visit: "_Visit", changed: bool) -> None:
        step, end = visit.step, self.now()
        seconds = end - visit.start
        if changed:
            self._journal.write(step.key, Result.CHANGED, seconds, log=str(visit.log.path))
            self.changed.add(step.key)
        else:
            self._journal.write(step.key, Result.UNCHANGED, seconds)
        self.spans[step.key] = Span(visit.start, end)
        self._emit(StepDone(step.key, step.title, step.layer, step.machine, end, seconds, changed))

    def _failed(self, visit: "_Visit", error: Exception) -> None:
        step, log, end = visit.step, visit.log, self.now()
        message, hint = describe(error)
        if not self.failures:
            self._give_up_soon(step.key)
        self.failures.append((step, error))
        seconds, path = end - visit.start, str(log.path)
        with contextlib.suppress(OSError):  # a full disk must not hide what failed
            log.open()
            log.phase(f"failed: {message}")
            if not isinstance(error, AshoreError):
                log.line("".join(traceback.format_exception(error)).rstrip())
            self._journal.write(step.key, Result.FAILED, seconds, message=message, log=path)
        self._emit(
            StepFailed(
                *(step.key, step.title, step.layer, step.machine),
                *(end, seconds, message, hint, path),
            )
        )

    def _late(self) -> AshoreError:
        return AshoreError(f"given up: no end {self._grace:.0f} s after another step failed")

    def _give_up_soon(self, failed: str) -> None:
        when = asyncio.get_running_loop().time() + self._grace
        for key, deadline in self._deadlines.items():
            if key != failed:
                deadline.reschedule(when)

    def _interrupted(self, visit: "_Visit") -> None:
        if visit.log.opened:
            with contextlib.suppress(OSError):  # never in the way of the interrupt itself
                visit.log.phase("interrupted")
                seconds = self.now() - visit.start
                self._journal.write(visit.step.key, Result.INTERRUPTED, seconds)


@dataclass(slots=True)
class _Visit:
    step: Step
    log: StepLog
    start: float


async def _differences(step: Step) -> list[str]:
    try:
        return await step.drift()
    except MachineDown as down:
        return [down.message]
