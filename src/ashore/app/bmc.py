"""The process of a stack's Redfish service. Light: no pydantic, no cryptography, no rich."""

import sys
from ipaddress import IPv4Network
from pathlib import Path
from typing import NoReturn

from ashore.bmc.config import Config
from ashore.bmc.main import main
from ashore.bmc.power import States
from ashore.drivers.base import Power
from ashore.drivers.shared.disks import Golden
from ashore.errors import AshoreError
from ashore.image.types import Image
from ashore.model import addresses
from ashore.model.types import Kubernetes, Network, Role, Stack


def factory(config: Config) -> tuple[Power, States]:
    """The driver, which here only switches machines that exist: it needs no image."""

    def record(kind: str, name: str) -> None:
        """Switching a machine creates nothing that `up` has not written down."""

    state = Path(config.settings["state"])
    stack, image = _stack(config), Image("", (), {})
    golden = Golden(Path(), image, Path())
    if config.driver == "qemu":
        from ashore.drivers.qemu.driver import QemuDriver

        machines = QemuDriver(stack, golden, state, record, _no_login)
        return machines, machines.states
    if config.driver == "virtualbox":
        from ashore.drivers.virtualbox.driver import VirtualBoxDriver
        from ashore.drivers.virtualbox.vboxmanage import VBoxManage, program

        vbox = VBoxManage(program())
        others = VirtualBoxDriver(stack, golden, state, record, _no_login, vbox)
        return others, others.states
    from ashore.drivers.nspawn.driver import NspawnDriver

    driver = NspawnDriver(stack, image, state, record)
    return driver, driver.states


def _no_login() -> NoReturn:
    raise AshoreError("the BMC logs in nowhere")


def _stack(config: Config) -> Stack:
    """As much of the stack as names and addresses of its machines' links hang on."""
    cidr = IPv4Network(config.settings["cidr"])
    base = cidr.network_address
    network = Network(
        cidr=cidr,
        domain="",
        host=base + addresses.HOST.first,
        bmc=base + addresses.BMC.first,
        gateway=addresses.address(cidr, Role.GATEWAY, 1),
        floating=base + addresses.FLOATING,
        dynamic=(base + addresses.DYNAMIC.first, base + addresses.DYNAMIC.last),
        services=(base + addresses.SERVICES.first, base + addresses.SERVICES.last),
        uplink="none",
    )
    kubernetes = Kubernetes("", cidr, cidr, base)
    return Stack(config.stack, config.driver, "", "", network, kubernetes, ())


if __name__ == "__main__":
    sys.exit(main(factory))
