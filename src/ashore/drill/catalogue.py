"""Every drill by its name."""

from ashore.drill.engine import require
from ashore.drill.fault import Fault, World
from ashore.drill.faults import balancers, cluster, links, machines
from ashore.errors import AshoreError, ExitCode

_ALL: tuple[Fault, ...] = (
    *machines.FAULTS, *links.FAULTS, *balancers.FAULTS, *cluster.FAULTS,
)  # fmt: skip

DRILLS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Name -> drill, in the order in which `--all` runs them."""


def find(name: str) -> Fault:
    """The drill of that name.

    Raises:
        AshoreError: there is none (exit code 2).
    """
    try:
        return DRILLS[name]
    except KeyError:
        raise AshoreError(
            f"no drill {name}", f"there are: {', '.join(DRILLS)}", ExitCode.USAGE
        ) from None


def able(fault: Fault, world: World) -> str:
    """Empty if the stack's driver can do the drill, else what it cannot."""
    try:
        require(fault, world)
    except AshoreError as error:
        return error.message
    return ""
