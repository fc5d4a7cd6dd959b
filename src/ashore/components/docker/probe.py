"""Whether Docker runs on a worker."""

from dataclasses import dataclass

from ashore.transport.base import Connect

UNIT = "docker.service"


@dataclass(frozen=True, slots=True)
class Engine:
    """Docker's unit: whether it starts at boot, and whether it serves."""

    enabled: bool
    running: bool


async def engine(connect: Connect, machine: str) -> Engine:
    """As systemd tells it; asking Docker itself would start it by its socket.

    Its unit is active once it serves.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    show = ["systemctl", "show", UNIT, "--property=UnitFileState,ActiveState"]
    said = (await connect(machine).run(show, timeout=10)).text.splitlines()
    return Engine("UnitFileState=enabled" in said, "ActiveState=active" in said)
