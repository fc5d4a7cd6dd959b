"""`power`: a machine's switch, as its BMC uses it."""

from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.drivers.base import PowerState
from ashore.errors import AshoreError, ExitCode
from ashore.host.run import require_root


async def status(chosen: Chosen, name: str) -> PowerState:
    """Whether a machine is on, off or absent, asked now."""
    session = _open(chosen, name)
    return (await session.driver.states()).get(name, PowerState.ABSENT)


async def switch(chosen: Chosen, name: str, action: str) -> PowerState:
    """Switch a machine on, off (as if the cord was pulled) or off and on again.

    Raises:
        AshoreError: no such machine, or it has not been made.
    """
    session = _open(chosen, name)
    driver = session.driver
    if name not in await driver.states():
        raise AshoreError(f"{name} has not been made", "`ashore up` makes it")
    if action in ("off", "reset"):
        await driver.power_off(name)
    if action in ("on", "reset"):
        await driver.power_on(name)
    return (await driver.states()).get(name, PowerState.ABSENT)


def _open(chosen: Chosen, name: str) -> Session:
    require_root("power")
    if chosen.stack.machine(name) is None:
        names = ", ".join(m.name for m in chosen.stack.machines)
        raise AshoreError(
            f"{chosen.stack.name} has no machine {name}", f"there are: {names}", ExitCode.USAGE
        )
    return open_session(chosen)
