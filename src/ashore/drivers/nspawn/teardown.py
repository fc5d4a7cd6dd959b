"""Taking a whole stack away, from any state, by what is found on the host."""

import contextlib
from pathlib import Path

from ashore.drivers.nspawn.supervise import Supervisor
from ashore.drivers.shared import teardown, uplink
from ashore.drivers.shared.fabric import Fabric
from ashore.drivers.shared.names import Names
from ashore.drivers.shared.teardown import attempt

_PROPAGATE = Path("/run/systemd/nspawn/propagate")


def forget(container: str) -> None:
    """Remove the directories that a killed nspawn leaves in /run."""
    for directory in (_PROPAGATE / container, _PROPAGATE, _PROPAGATE.parent):
        with contextlib.suppress(OSError):
            directory.rmdir()


async def kill(supervisor: Supervisor, machine: str) -> None:
    """Kill a machine whose files are to be removed; returns when it has left this host."""
    await supervisor.kill(machine)
    await supervisor.reap(machine)


async def destroy(
    names: Names, fabric: Fabric, supervisor: Supervisor, directory: Path
) -> list[str]:
    """Remove everything of the stack and look again; what remains, named."""
    found = supervisor.found()
    errors = await attempt([kill(supervisor, name) for name in found])
    errors += await attempt([fabric.destroy(), uplink.remove(names)])
    errors += await attempt([teardown.delete(directory), supervisor.clear()])
    for name in found:
        forget(names.container(name))
    errors += await attempt([teardown.leave_netns()])
    left = await leftovers(names, supervisor, directory)
    return [*left, *errors] if left else []


async def leftovers(names: Names, supervisor: Supervisor, directory: Path) -> list[str]:
    """What is still there of the stack, a phrase each."""
    left = [
        f"machine {name}: {'processes' if runs else 'control groups'}"
        for name, runs in supervisor.found().items()
    ]
    return [*left, *await teardown.leftovers(names, directory)]
