"""The tests that Pacemaker's own lab runs, by its names, on the two load balancers."""

from dataclasses import dataclass

from ashore.components.pacemaker.cib import HAPROXY, IP
from ashore.drill.fault import Targets, World
from ashore.drill.faults.described import (
    Described,
    holder,
    off_or_disturbed,
    run_until_done,
    switch_on,
)
from ashore.drill.faults.links import Parted
from ashore.drill.verdict import Bound
from ashore.together import together

_START = "systemctl start corosync corosync-qdevice pacemaker"
_STOP = "systemctl stop pacemaker corosync-qdevice corosync"
# A cluster that has just started may not take a connection yet.
_SETTLED = "until crm_resource --wait --timeout=60s >/dev/null 2>&1; do sleep 0.2; done"
_RUNS = "until crm_mon -1 >/dev/null 2>&1; do sleep 0.2; done"
_TIDY = (
    "crm_attribute --name maintenance-mode --delete >/dev/null 2>&1 || true;"
    " for node in $(crm_node -l | awk '{print $2}'); do"
    " crm_standby --node $node --delete >/dev/null 2>&1 || true; done;"
    " crm_resource --cleanup >/dev/null 2>&1 || true"
)
_LEFT = (
    "crm_attribute --name maintenance-mode --query --quiet 2>/dev/null | grep -x true;"
    " systemctl is-active -q pacemaker || echo Pacemaker does not run"
)
_SECONDS = 90.0  # for one step

Step = tuple[tuple[str, ...], str]
"""The words of the targets on which a script runs at once, and the script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted(Described):
    """A series of steps; the undo starts everything and takes every setting back."""

    steps: tuple[Step, ...]
    lasts: float = 5.0

    async def choose(self, world: World) -> dict[str, str]:
        """See `Fault`."""
        return await holder(world)

    async def inject(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        for words, script in self.steps:
            machines = [world.connect(on[word]) for word in words]
            run = ["sh", "-c", script.replace("{other}", on["other"])]
            await together(*(m.run(run, timeout=_SECONDS) for m in machines))

    async def undo(self, world: World, on: Targets) -> None:
        """See `Fault`."""
        for machine in on.values():
            await switch_on(world, machine)
        await together(*(run_until_done(world, m, _START) for m in on.values()))
        await run_until_done(world, on["machine"], f"crm_mon -1 >/dev/null && {_TIDY}")

    async def left(self, world: World, on: Targets) -> list[str]:
        """See `Fault`."""
        found = await off_or_disturbed(world, *on.values())
        for machine in on.values():
            done = await world.connect(machine).run(["sh", "-c", _LEFT], check=False)
            found += [f"{machine}: {line}" for line in done.text.splitlines()]
        return found


_HOLDER, _OTHER, _BOTH = ("machine",), ("other",), ("machine", "other")
_MOVED = (Bound("api", gap=3.0), Bound("writes", gap=20.0))
_UNNOTICED = (Bound("api", gap=1.0), Bound("writes", gap=2.0))
_AWAY = (Bound("api", gap=90.0), Bound("writes", gap=100.0))
_MOVES = "the floating IP moves to the other one before the node leaves; clients notice a moment"

LAB = (
    Scripted(
        name="Flip",
        title="a running node is stopped",
        does="stop the cluster on {machine}, which has the floating IP",
        expected=_MOVES,
        bounds=_MOVED,
        steps=((_HOLDER, _STOP),),
    ),
    Scripted(
        name="Restart",
        title="a node is stopped and started",
        does="stop the cluster on {machine}, which has the floating IP, and start it again",
        expected=_MOVES,
        bounds=_MOVED,
        steps=((_HOLDER, _STOP), (_HOLDER, _START)),
    ),
    Scripted(
        name="StartOnebyOne",
        title="all nodes are stopped, then started one after the other",
        does="stop the cluster on both, then start it on {machine}, then on {other}",
        expected="nobody serves meanwhile; the first one serves with the quorum device's vote",
        bounds=_AWAY,
        steps=((_BOTH, _STOP), (_HOLDER, f"{_START} && {_RUNS}"), (_OTHER, f"{_START} && {_RUNS}")),
    ),
    Scripted(
        name="StopOnebyOne",
        title="all nodes are stopped one after the other",
        does="stop the cluster on {machine}, then on {other}",
        expected="the floating IP moves, then nobody serves until both are started again",
        bounds=_AWAY,
        steps=((_HOLDER, _STOP), (_OTHER, _STOP)),
    ),
    Scripted(
        name="RestartOnebyOne",
        title="all nodes are restarted one after the other",
        does="restart the cluster on {machine}, then on {other}",
        expected="the floating IP moves each time; there is always one that serves",
        bounds=_MOVED,
        steps=(
            (_HOLDER, f"{_STOP}; {_START}; {_SETTLED}"),
            (_OTHER, f"{_STOP}; {_START}; {_SETTLED}"),
        ),
    ),
    Scripted(
        name="SimulStart",
        title="all nodes are stopped, then started at once",
        does="stop the cluster on both, then start both at once",
        expected="nobody serves meanwhile; then they agree on one of them",
        bounds=_AWAY,
        steps=((_BOTH, _STOP), (_BOTH, _START)),
    ),
    Scripted(
        name="SimulStop",
        title="all nodes are stopped at once",
        does="stop the cluster on both at once",
        expected="both stop cleanly; nobody serves until they are started again",
        bounds=_AWAY,
        steps=((_BOTH, _STOP),),
    ),
    Scripted(
        name="Standby",
        title="a node is put into standby and back",
        does="put {machine}, which has the floating IP, into standby",
        expected="everything moves to {other}; {machine} stays a member and can take it back",
        bounds=_MOVED,
        steps=((_HOLDER, f"crm_standby --update on && {_SETTLED}"),),
    ),
    Scripted(
        name="MaintenanceMode",
        title="a resource fails while the cluster is in maintenance",
        does="turn maintenance mode on, have HAProxy fail on {machine}, turn it off again",
        expected="nothing is touched while it is on; afterwards the failure is mended",
        bounds=_MOVED,
        steps=(
            (_HOLDER, "crm_attribute --name maintenance-mode --update true"),
            (_HOLDER, f"crm_resource --fail --resource {HAPROXY} --node $(crm_node -n)"),
            (_HOLDER, "sleep 2; crm_attribute --name maintenance-mode --delete"),
        ),
    ),
    Scripted(
        name="ResourceRecover",
        title="a resource fails and is recovered",
        does="have the floating IP fail on {machine}",
        expected="it is stopped there and started again, here or on {other}",
        bounds=_MOVED,
        steps=((_HOLDER, f"crm_resource --fail --resource {IP} --node $(crm_node -n)"),),
    ),
    Scripted(
        name="ComponentFail",
        title="one daemon of Pacemaker is killed",
        does="kill Pacemaker's controller on {machine}, which has the floating IP",
        expected=(
            "its parent starts it again, or {other} takes over after having {machine} powered off"
        ),
        lasts=15.0,
        bounds=(Bound("api", gap=6.0), Bound("writes", gap=9.0)),
        steps=((_HOLDER, "kill -KILL $(pidof pacemaker-controld)"),),
    ),
    Parted(
        name="SplitBrain",
        title="the nodes do not hear each other",
        does="drop everything between {machine} and {other}, then let it pass again",
        expected="the one with the quorum device's vote serves; they merge without a second holder",
        lasts=15.0,
        bounds=(Bound("api", gap=6.0), Bound("writes", gap=9.0)),
    ),
    Scripted(
        name="Reattach",
        title="the cluster is restarted below running resources",
        does="turn maintenance mode on, restart Pacemaker on both, turn it off again",
        expected="nothing is stopped: the restarted cluster finds its resources running",
        bounds=_UNNOTICED,
        steps=(
            (_HOLDER, "crm_attribute --name maintenance-mode --update true"),
            (_BOTH, f"systemctl restart pacemaker && {_RUNS}"),
            (_HOLDER, f"{_SETTLED}; crm_attribute --name maintenance-mode --delete"),
        ),
    ),
    Scripted(
        name="NearQuorumPoint",
        title="nodes come and go around the quorum",
        does="stop the cluster on {other}, restart it on {machine}, start it on {other}",
        expected=(
            "one node and the quorum device are a majority, so {machine} serves whenever it runs"
        ),
        bounds=_AWAY,
        steps=(
            (_OTHER, _STOP),
            (_HOLDER, f"{_STOP}; {_START}; {_RUNS}"),
            (_OTHER, f"{_START}; {_RUNS}"),
        ),
    ),
)
