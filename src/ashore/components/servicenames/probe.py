"""Whether the names of Services are answered."""

from ashore.components.servicenames.render import READY_PORT
from ashore.transport.base import Connect

_ASK = ("curl", "-sS", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}")


async def missing(connect: Connect, machine: str) -> str:
    """Why not, as the gateway's CoreDNS tells it; empty if they are.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    url = f"http://127.0.0.1:{READY_PORT}/ready"
    done = await connect(machine).run([*_ASK, url], check=False, timeout=10)
    if done.returncode:
        return "CoreDNS for the names of services does not run"
    return "" if done.text == "200" else "CoreDNS has not seen the cluster's services"
