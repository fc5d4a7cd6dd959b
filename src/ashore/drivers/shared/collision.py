"""Whether the addresses of a stack are somebody else's on this computer."""

from ashore.errors import AshoreError, ExitCode
from ashore.host import links
from ashore.model.types import Network


async def refuse(network: Network, stack: str, device: str, alias: str) -> None:
    """Raise if packets to the stack's addresses go somewhere else on this host.

    Args:
        device: the host's link into the stack. alias: the label that it has.

    Raises:
        AshoreError: a route or a link of the same name is not the stack's.
    """
    if route := await _route(network, device):
        raise AshoreError(
            f"network {network.cidr} of stack {stack} collides with the host's route {route}",
            "choose another `network.cidr` in the stack file",
            ExitCode.HOST,
        )
    link = (await links.links()).get(device)
    if link is not None and link.alias != alias:
        raise AshoreError(
            f"the host has an interface {link.name} that is not the stack's"
            f" (alias {link.alias or 'none'})",
            f"remove it (`ip link delete {link.name}`) or rename the stack",
            ExitCode.HOST,
        )


async def _route(network: Network, device: str) -> str:
    """The route of the host that overlaps the stack's network, or ""."""
    for route in await links.routes():
        another = not route.default and route.device != device
        if another and route.network.overlaps(network.cidr):
            return route.text
    return ""
