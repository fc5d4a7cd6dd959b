"""Whether the gateway serves."""

from ashore.transport.base import Connect

# Local address:port of UDP sockets, in the kernel's own notation: DHCP is 67,
# DNS 53. Reading this file starts one process; asking a name would start more.
_DHCP, _DNS = ":0043", ":0035"


async def serving(connect: Connect, machine: str) -> str:
    """What is missing for dnsmasq to serve; empty if it does.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    done = await connect(machine).run(["cat", "/proc/net/udp"], timeout=10)
    ports = {line.split()[1][-5:] for line in done.text.splitlines()[1:]}
    missing = [name for name, port in (("DHCP", _DHCP), ("DNS", _DNS)) if port not in ports]
    return f"nothing listens for {' and '.join(missing)}" if missing else ""
