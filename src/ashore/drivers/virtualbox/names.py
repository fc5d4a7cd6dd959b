"""The names by which everything of a stack is found again in VirtualBox."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from ashore.drivers.virtualbox.vboxmanage import Listed
from ashore.model.types import Stack

_PORTS = range(22000, 30000)
"""Below the ports that Linux gives out by itself."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one stack. Machine names have neither dots nor hyphens."""

    stack: str

    @property
    def group(self) -> str:
        """Under which VirtualBox shows the machines."""
        return f"/ashore-{self.stack}"

    @property
    def network(self) -> str:
        """The internal network."""
        return f"ashore-{self.stack}"

    @property
    def ssh_port(self) -> int:
        """Of this computer's loopback: where the gateway's SSH is reached."""
        digest = hashlib.sha256(f"ssh/{self.stack}".encode()).digest()
        return _PORTS[int.from_bytes(digest[:4], "big") % len(_PORTS)]

    @property
    def link_number(self) -> int:
        """Of this computer's end of the tunnel into the stack."""
        return self.ssh_port

    @property
    def link(self) -> str:
        """This computer's end of the tunnel: OpenSSH gives its devices no other names."""
        return f"tun{self.link_number}"

    @property
    def alias(self) -> str:
        """The label on it, as on the links of other drivers."""
        return f"ashore:{self.stack}"

    def vm(self, machine: str) -> str:
        """A machine's name for VirtualBox."""
        return f"ashore-{self.stack}-{machine}"

    def uuid(self, machine: str) -> str:
        """A machine's identifier: the label that nobody else's VM of the same name has."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"ashore:virtualbox:{self.stack}/{machine}"))

    def machine(self, vm: str) -> str | None:
        """The machine that a VM's name stands for; None if it is no name of this stack."""
        prefix = self.vm("")
        name = vm.removeprefix(prefix)
        return name if vm.startswith(prefix) and name and "-" not in name else None

    @property
    def nat_mac(self) -> str:
        """Of the gateway's first network card."""
        digest = hashlib.sha256(f"nat/{self.stack}".encode()).digest()
        return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))


def strangers(stack: Stack, known: Iterable[Listed]) -> list[str]:
    """VMs with the name of one of the stack's machines that the stack did not make."""
    names = Names(stack.name)
    own = {names.vm(m.name): names.uuid(m.name) for m in stack.machines}
    return [each.name for each in known if own.get(each.name, each.uuid) != each.uuid]
