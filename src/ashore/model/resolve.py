"""From the user's file to the frozen Stack. Pure: the same file gives the same stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ashore.model import addresses
from ashore.model.types import (
    Bmc,
    Disk,
    Kubernetes,
    Machine,
    Network,
    Role,
    Stack,
    Storage,
    VolumeType,
)

if TYPE_CHECKING:  # pydantic takes a tenth of a second; who draws a stack does not need it
    from collections.abc import Iterator

    from ashore.stack.schema import StackFile

_PREFIX = {
    Role.GATEWAY: "gw",
    Role.LOADBALANCER: "lb",
    Role.CONTROLPLANE: "cp",
    Role.WORKER: "w",
    Role.STORAGE: "st",
}
_CLUSTER_DNS = 10  # kubeadm's own choice: the tenth address of the service network


def resolve(file: StackFile, warnings: tuple[str, ...] = ()) -> Stack:
    """The stack that a file describes; the file must have passed `rules.violations`."""
    return Stack(
        name=file.name,
        driver=file.driver,
        os=file.os,
        supply=file.supply,
        network=_network(file),
        kubernetes=Kubernetes(
            version=file.kubernetes.version,
            pod_cidr=file.kubernetes.pod_cidr,
            service_cidr=file.kubernetes.service_cidr,
            dns=file.kubernetes.service_cidr.network_address + _CLUSTER_DNS,
        ),
        storage=Storage(VolumeType(file.storage.type)) if file.machines.storage.count else None,
        docker=file.machines.worker.docker,
        machines=tuple(_machines(file)),
        disk=Disk(file.disk.os, file.disk.size, tuple(file.disk.volumes)),
        warnings=warnings,
    )


def machine_name(role: Role, index: int) -> str:
    """`gw`, `lb1`, `cp3`, `w12`: the gateway alone has no number."""
    return _PREFIX[role] if role is Role.GATEWAY else f"{_PREFIX[role]}{index}"


def _network(file: StackFile) -> Network:
    cidr = file.network.cidr
    base = cidr.network_address
    return Network(
        cidr=cidr,
        domain=file.network.domain or f"{file.name}.internal",
        host=base + addresses.HOST.first,
        bmc=base + addresses.BMC.first,
        gateway=addresses.address(cidr, Role.GATEWAY, 1),
        floating=file.network.floating_ip or base + addresses.FLOATING,
        dynamic=(base + addresses.DYNAMIC.first, base + addresses.DYNAMIC.last),
        services=(base + addresses.SERVICES.first, base + addresses.SERVICES.last),
        uplink=file.network.uplink,
    )


def _machines(file: StackFile) -> Iterator[Machine]:
    sections = {
        Role.GATEWAY: file.machines.gateway,
        Role.LOADBALANCER: file.machines.loadbalancer,
        Role.CONTROLPLANE: file.machines.controlplane,
        Role.WORKER: file.machines.worker,
        Role.STORAGE: file.machines.storage,
    }
    bmcs = dict(_bmcs(file))
    for role, section in sections.items():
        for index in range(1, section.count + 1):
            name = machine_name(role, index)
            yield Machine(
                name=name,
                role=role,
                index=index,
                address=addresses.address(file.network.cidr, role, index),
                mac=addresses.mac(file.name, name),
                cpus=section.cpus,
                memory=section.memory,
                bmc=bmcs.get(name),
            )


def _bmcs(file: StackFile) -> Iterator[tuple[str, Bmc]]:
    """Each BMC that the file names, with its machine."""
    for name, given in file.machines.loadbalancer.bmc:
        if given is not None:
            yield (
                name,
                Bmc(
                    address=given.address,
                    port=given.port,
                    system=given.system,
                    account=given.account,
                    password_file=given.password_file,
                    ca=given.ca,
                ),
            )
