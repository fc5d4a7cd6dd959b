"""A stack of VirtualBox machines for unit tests."""

from dataclasses import replace
from ipaddress import IPv4Address

from ashore.drivers.base import Blueprint
from ashore.model.types import Machine, Role
from tests.contract.machines import STACK as CONTRACT

GATEWAY = Machine(
    "gw", Role.GATEWAY, 1, IPv4Address("10.79.213.2"), "02:00:00:61:00:02", 1.5, 1 << 30
)
CONTROLPLANE = Machine(
    "cp1", Role.CONTROLPLANE, 1, IPv4Address("10.79.213.20"), "02:00:00:61:00:14", 0.5, 3 << 30
)
STACK = replace(CONTRACT, name="demo", driver="virtualbox", machines=(GATEWAY, CONTROLPLANE))


def blueprint(machine: Machine, *data: str) -> Blueprint:
    network = "version: 2\nethernets:\n  eth0:\n    dhcp4: true\n"
    return Blueprint(machine, "#cloud-config\n", "instance-id: demo\n", network, data)
