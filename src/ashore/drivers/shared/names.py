"""The names by which everything of a stack is found again on the host."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ashore.host.links import NETNS

_INTERFACE = 15  # IFNAMSIZ without the final zero


def mac(*parts: str) -> str:
    """A locally administered unicast address, the same for the same parts."""
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one stack. Machine names have neither dots nor hyphens, stack names no dots."""

    stack: str

    @property
    def fabric(self) -> str:
        """The network namespace of the bridge."""
        return f"ashore-{self.stack}"

    def netns(self, machine: str) -> str:
        """The network namespace of a machine."""
        return f"ashore-{self.stack}.{machine}"

    def netns_path(self, machine: str) -> Path:
        """Where iproute2 keeps that namespace."""
        return NETNS / self.netns(machine)

    @property
    def veth(self) -> str:
        """The host's end of the veth into the fabric."""
        name = f"as-{self.stack}"
        if len(name) <= _INTERFACE:
            return name
        return f"as-{hashlib.sha256(self.stack.encode()).hexdigest()[:12]}"

    @property
    def alias(self) -> str:
        """The label on the host's veth: a hashed name does not tell whose it is."""
        return f"ashore:{self.stack}"

    @property
    def bridge_mac(self) -> str:
        """Pinned: a bridge takes another MAC when a port goes, and neighbours lose it."""
        return mac(self.stack, "br0")

    @property
    def cgroup(self) -> str:
        """The parent of the machines' groups on a version 1 host."""
        return f"ashore-{self.stack}"

    def container(self, machine: str) -> str:
        """The machine's name for systemd-nspawn."""
        return f"ashore-{self.stack}-{machine}"

    def unit(self, machine: str) -> str:
        """The transient unit of a machine on a host with systemd."""
        return f"{self.container(machine)}.service"

    @property
    def table(self) -> str:
        """The host's nftables table that masquerades the stack's uplink."""
        return f"ashore-{self.stack}"
