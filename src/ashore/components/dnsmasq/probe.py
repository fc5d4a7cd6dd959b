"""Whether the gateway serves."""

from ashore.transport.base import Connect

# Ports in the kernel's own notation. Reading its table starts one process;
# asking a name would start more.
_PORTS = {"0043": "DHCP", "0035": "DNS"}


async def serving(connect: Connect, machine: str) -> str:
    """What is missing for dnsmasq to serve; empty if it does.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    done = await connect(machine).run(["cat", "/proc/net/udp"], timeout=10)
    sockets = [line.split()[1].split(":") for line in done.text.splitlines()[1:]]
    # Addresses have their bytes reversed: what ends in 7F is loopback, where
    # systemd-resolved answers names too.
    open_ports = {port for address, port in sockets if not address.endswith("7F")}
    missing = [name for port, name in _PORTS.items() if port not in open_ports]
    return f"nothing listens for {' and '.join(missing)}" if missing else ""
