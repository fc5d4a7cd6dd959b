"""Every drill by its name."""

from ashore.drill.engine import require
from ashore.drill.fault import Fault, World
from ashore.drill.faults import (
    balancers,
    bmc,
    cluster,
    demo,
    haproxy,
    lab,
    links,
    machines,
    pods,
    services,
    storage,
)
from ashore.errors import AshoreError, ExitCode

_ALL: tuple[Fault, ...] = (
    *machines.FAULTS, *pods.FAULTS, *services.FAULTS, *links.FAULTS, *haproxy.FAULTS,
    *balancers.FAULTS, *bmc.FAULTS, *cluster.FAULTS, *storage.FAULTS, *demo.FAULTS,
)  # fmt: skip

DRILLS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Name -> drill, in the order in which `--all` runs them."""

SUITES: dict[str, dict[str, Fault]] = {"pacemaker": {fault.name: fault for fault in lab.LAB}}
"""Suite -> its drills, which `--all` does not run."""


def find(name: str) -> Fault:
    """The drill of that name, of a suite or of none.

    Raises:
        AshoreError: there is none (exit code 2).
    """
    for known in (DRILLS, *SUITES.values()):
        if name in known:
            return known[name]
    raise AshoreError(f"no drill {name}", f"there are: {', '.join(DRILLS)}", ExitCode.USAGE)


def suite(name: str) -> list[str]:
    """The names of a suite's drills.

    Raises:
        AshoreError: there is none of that name (exit code 2).
    """
    if name not in SUITES:
        raise AshoreError(f"no suite {name}", f"there are: {', '.join(SUITES)}", ExitCode.USAGE)
    return list(SUITES[name])


def able(fault: Fault, world: World) -> str:
    """Empty if the stack's driver can do the drill, else what it cannot."""
    try:
        require(fault, world)
    except AshoreError as error:
        return error.message
    return ""
