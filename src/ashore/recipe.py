"""The whole bring-up on one page: what each role is made of, and what happens in which order."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from ashore.bmc.credentials import Credentials, credentials
from ashore.bmc.steps import PORT as REDFISH_PORT
from ashore.bmc.steps import Redfish, password
from ashore.components.cloudinit import render as cloudinit
from ashore.components.cloudinit.steps import steps as cloudinit_steps
from ashore.components.containerd import render as containerd
from ashore.components.coredns.steps import steps as coredns_steps
from ashore.components.corosync import render as corosync
from ashore.components.corosync.keys import keys as corosync_keys
from ashore.components.corosync.steps import steps as corosync_steps
from ashore.components.dnsmasq import render as dnsmasq
from ashore.components.dnsmasq.steps import steps as dnsmasq_steps
from ashore.components.docker import render as docker
from ashore.components.docker.steps import steps as docker_steps
from ashore.components.flannel import render as flannel
from ashore.components.flannel.steps import steps as flannel_steps
from ashore.components.gluster import render as gluster
from ashore.components.gluster.leave import index_of as storage_index
from ashore.components.gluster.leave import leave as leave_pool
from ashore.components.gluster.leave import refuse as refuse_leave
from ashore.components.gluster.steps import steps as gluster_steps
from ashore.components.haproxy import render as haproxy
from ashore.components.haproxy.steps import steps as haproxy_steps
from ashore.components.kubeadm import render as kubeadm
from ashore.components.kubeadm.access import Access
from ashore.components.kubeadm.leave import leave
from ashore.components.kubeadm.steps import steps as kubeadm_steps
from ashore.components.localpath import render as localpath
from ashore.components.localpath.steps import steps as localpath_steps
from ashore.components.lvm import thin
from ashore.components.lvm.brick import Brick
from ashore.components.lvm.steps import steps as lvm_steps
from ashore.components.metallb.steps import steps as metallb_steps
from ashore.components.metrics.render import NAME as METRICS
from ashore.components.metrics.steps import steps as metrics_steps
from ashore.components.pacemaker import render as pacemaker
from ashore.components.pacemaker.cib import FenceDevice
from ashore.components.pacemaker.steps import steps as pacemaker_steps
from ashore.components.registry import render as registry
from ashore.components.registry.account import account as registry_account
from ashore.components.registry.account import shared_secret
from ashore.components.registry.steps import steps as registry_steps
from ashore.components.servicenames import render as servicenames
from ashore.components.servicenames.steps import steps as servicenames_steps
from ashore.components.volumes import render as volumes
from ashore.components.volumes.steps import steps as volumes_steps
from ashore.drivers.base import BlankDisks, Blueprint, Driver
from ashore.drivers.steps import Fabric, Made, Uplink
from ashore.model.fragment import Fragment
from ashore.model.types import Machine, Role, Stack, Storage
from ashore.pki.authority import Pair, issue, make_ca
from ashore.pki.ssh import known_hosts_line, make_ssh_key, public_line
from ashore.plan.step import Context, Step
from ashore.supply.versions import versions
from ashore.transport.https import Client, stranger
from ashore.transport.registryapi import Place

COMPONENTS: dict[Role, tuple[str, ...]] = {
    Role.GATEWAY: ("dnsmasq", "servicenames", "corosync-qnetd", "registry"),
    Role.LOADBALANCER: ("haproxy", "corosync", "pacemaker"),
    Role.CONTROLPLANE: ("containerd", "kubeadm", "flannel", "coredns"),
    Role.WORKER: (
        *("gluster", "containerd", "kubeadm", "flannel", "coredns", "localpath", "volumes"),
        *("metallb", "metrics", "docker"),
    ),
    Role.STORAGE: ("gluster", "volumes"),
}
"""Role -> the systems that run on its machines."""

BRICKS = "/srv/brick"
"""What is below it on a storage machine outlives a new root: `Storage.brick` is."""

DATA: dict[Role, tuple[str, ...]] = {
    Role.GATEWAY: (registry.DATA,),
    Role.LOADBALANCER: (),
    Role.CONTROLPLANE: ("/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd"),
    Role.WORKER: ("/var/lib/containerd", "/var/lib/kubelet", localpath.DIRECTORY, docker.DIRECTORY),
    Role.STORAGE: (BRICKS,),
}
"""Role -> directories that need a plain file system below them and outlive a new root."""


def steps(ctx: Context, driver: Driver, image: Sequence[Step]) -> list[Step]:
    """Everything from the programs to a cluster that serves, in the order of the layers.

    Args:
        image: the steps that obtain programs and build the golden image.
    """
    access = access_of(ctx)
    images = versions(ctx.stack.kubernetes.version).image
    return [
        *image,
        Fabric(driver),
        *([Uplink(driver)] if ctx.upstream is not None else []),
        redfish(ctx, driver),
        *machines(ctx, driver, access),
        *dnsmasq_steps(ctx),
        *registry_steps(ctx, registry_access(ctx)[1]),
        *corosync_steps(ctx),
        *haproxy_steps(ctx),
        *pacemaker_steps(ctx),
        *gluster_steps(ctx, after="brick" if brick_disk(driver) else "config"),
        *kubeadm_steps(ctx, access),
        *flannel_steps(ctx, access.api, images("flannel")),
        *coredns_steps(ctx, access.api, images("coredns")),
        *localpath_steps(ctx, access.api, images("local-path-provisioner")),
        *volumes_steps(ctx, access.api),
        *metallb_steps(ctx, access.api, images("metallb-controller"), images("metallb-speaker")),
        *metrics_steps(
            access.api,
            images("metrics-server"),
            access.server("metrics-server", [METRICS]),
            access.authority,
        ),
        *servicenames_steps(ctx, access.api),
        *docker_steps(ctx),
    ]


def machines(ctx: Context, driver: Driver, access: Access) -> list[Step]:
    """Each machine made, booted, and its files kept as its role's components render them."""
    found: list[Step] = []
    disk = brick_disk(driver)
    for machine in ctx.stack.machines:
        brick = disk if machine.role is Role.STORAGE else None
        parts = fragments(ctx, machine, access, brick)
        needs = ("fabric", "image", *made_after(ctx, machine.role))
        blank = (BRICKS,) if brick else ()
        found.append(Made(driver, blueprint(ctx, machine, parts, blank), needs=needs))
        found.extend(cloudinit_steps(ctx, machine, parts))
        found.extend(lvm_steps(ctx, machine))
        if brick:
            found.append(Brick(ctx.connect, machine.name, brick, BRICKS))
    return found


def made_after(ctx: Context, role: Role) -> tuple[str, ...]:
    """Keys of the steps that machines of a role are made after, but for fabric and image."""
    if role is Role.LOADBALANCER:
        return ("bmc",)  # what may be fenced is made after what it is fenced through
    if role is Role.GATEWAY or ctx.facts.patience == 1:
        return ()
    # Pacemaker gives a fence agent 10 s to describe itself, however slow the machine, and asks
    # again and again until it has an answer to keep. Where the other machines booted at the
    # same time, an emulated host of two processors did not get out of that.
    return ("lb/floating", "lb/fencing")


def brick_disk(driver: Driver) -> str | None:
    """Where storage machines find the disk for a brick on LVM; None where it is a directory."""
    return driver.blank_disk(BRICKS) if isinstance(driver, BlankDisks) else None


def fragments(
    ctx: Context, machine: Machine, access: Access, brick: str | None = None
) -> list[Fragment]:
    """What the components of the machine's role ask of it.

    Args:
        brick: the disk of a storage machine's brick, if it has one of its own.
    """
    stack = ctx.stack
    own = cloudinit.fragment(stack, machine)
    match machine.role:
        case Role.GATEWAY:
            return [
                own,
                dnsmasq.fragment(stack, ctx.upstream),
                servicenames.fragment(
                    stack,
                    identity=access.member(servicenames.GROUP, machine),
                    ca=access.authority,
                ),
                corosync.gateway(corosync_keys(ctx.secrets, stack)),
                images_registry(ctx),
            ]
        case Role.LOADBALANCER:
            return [
                own,
                haproxy.fragment(stack, ctx.facts),
                corosync.fragment(stack, corosync_keys(ctx.secrets, stack), ctx.facts),
                pacemaker.fragment(stack, fences(ctx), authority(ctx).cert.decode(), ctx.facts),
            ]
        case Role.STORAGE:
            lvm = [thin.fragment()] if brick else []
            return [own, *lvm, *shared_volume(ctx, machine, access, BRICKS if brick else None)]
        case Role.CONTROLPLANE | Role.WORKER:
            pause = versions(stack.kubernetes.version).image("pause")
            pki = access.pki(machine)
            return [
                own,
                containerd.fragment(sandbox=pause, facts=ctx.facts),
                kubeadm.fragment(stack, machine, facts=ctx.facts, pki=pki),
                flannel.fragment(),
                *shared_volume(ctx, machine, access),
                *own_images(ctx, machine),
            ]


def images_registry(ctx: Context) -> Fragment:
    """The gateway's registry, with a certificate for its name."""
    stack, ca = ctx.stack, authority(ctx)
    identity = Pair.of_bundle(
        ctx.secrets.keep(
            "registry/tls.pem",
            lambda: issue(
                ca,
                stack.registry_name,
                dns=[stack.registry_name],
                ip=[stack.network.gateway],
                server=True,
            ).bundle(),
        )
    )
    account, secret = registry_account(ctx.secrets), shared_secret(ctx.secrets)
    return registry.fragment(stack, account, secret, identity, ca.cert)


def registry_access(ctx: Context) -> tuple[Place, Client]:
    """Where the registry is for this computer, with the stack's account, and whom it trusts."""
    network = ctx.stack.network
    login = registry_account(ctx.secrets).login
    place = Place(str(network.gateway), registry.PORT, ctx.stack.registry_name, login)
    return place, stranger(authority(ctx).cert, str(network.host))


def own_images(ctx: Context, machine: Machine) -> list[Fragment]:
    """A node pulls from the stack's registry; Docker on a worker pushes there too."""
    account, ca = registry_account(ctx.secrets), authority(ctx).cert
    found = [registry.pulls(ctx.stack, account, ca)]
    if machine.role is Role.WORKER and ctx.stack.docker:
        found.append(docker.fragment(ctx.stack, ctx.facts, login=account.login, ca=ca))
    return found


def shared_volume(
    ctx: Context, machine: Machine, access: Access, mounted: str | None = None
) -> list[Fragment]:
    """A storage machine's and a worker's share of the Gluster volume; nothing for others.

    Args:
        mounted: where a storage machine mounts the file system of its brick, if it does.
    """
    stack, storage = ctx.stack, ctx.stack.storage
    if storage is None or machine.role not in gluster.ROLES:
        return []
    ca = authority(ctx)
    identity = Pair.of_bundle(
        ctx.secrets.keep(
            f"gluster/{machine.name}.pem",
            lambda: issue(ca, machine.name, server=True, client=True).bundle(),
        )
    )
    return [
        gluster.fragment(stack, storage, machine, identity, ca.cert, mounted),
        pods_volumes(stack, storage, machine, access),
    ]


def pods_volumes(stack: Stack, storage: Storage, machine: Machine, access: Access) -> Fragment:
    """What makes volumes for pods on storage machines, and looks after their mount on workers."""
    if machine.role is Role.STORAGE:
        member = access.member(volumes.GROUP, machine)
        return volumes.provisioner(stack, storage, machine, identity=member, ca=access.authority)
    return volumes.mounts(
        stack,
        storage,
        machine,
        unit=gluster.UNIT,
        certificate=kubeadm.KUBELET_CERTIFICATE,
        ca=kubeadm.AUTHORITY,
    )


def redfish(ctx: Context, driver: Driver) -> Redfish:
    """The machines' BMC: one service in the stack's fabric, an account for each machine."""
    place = driver.bmc_place()
    return Redfish(
        stack=ctx.stack.name,
        driver=driver.name,
        machines=tuple(machine.name for machine in ctx.stack.machines),
        namespace=place.namespace,
        address=ctx.stack.network.bmc,
        secrets=ctx.secrets,
        ca=authority(ctx),
        directory=place.directory,
        log=place.directory,
        program=bmc_program,
        settings=place.settings,
    )


def bmc_program(config: Path) -> Sequence[str]:
    """The command of the Redfish service."""
    return (sys.executable, "-I", "-m", "ashore.app.bmc", "--config", str(config))


def fences(ctx: Context) -> tuple[FenceDevice, ...]:
    """How each load balancer can be powered off by the other one.

    Raises:
        AshoreError: a file that the stack file names for a BMC cannot be used.
    """
    given = credentials(ctx.stack)
    return tuple(_fence(ctx, m, given.get(m.name)) for m in ctx.stack.of_role(Role.LOADBALANCER))


def _fence(ctx: Context, machine: Machine, given: Credentials | None) -> FenceDevice:
    """By the BMC that the file names, else by the stack's own."""
    bmc = machine.bmc
    if bmc is None or given is None:
        return FenceDevice(
            target=machine.name,
            address=str(ctx.stack.network.bmc),
            port=REDFISH_PORT,
            system=f"/redfish/v1/Systems/{machine.name}",
            account=machine.name,
            password=password(ctx.secrets, machine.name),
        )
    return FenceDevice(
        target=machine.name,
        address=bmc.address,
        port=bmc.port,
        system=bmc.system,
        account=bmc.account,
        password=given.password,
        authority=given.authority,
    )


def authority(ctx: Context) -> Pair:
    """The stack's own CA, for what is no part of Kubernetes."""
    made = ctx.secrets.keep("ca.pem", lambda: make_ca(f"ashore {ctx.stack.name}").bundle())
    return Pair.of_bundle(made)


def blueprint(
    ctx: Context, machine: Machine, parts: Sequence[Fragment], blank: tuple[str, ...] = ()
) -> Blueprint:
    """The machine as its driver needs to know it, with the seed of its first boot.

    Args:
        blank: data directories whose disk a component makes the file system on.
    """
    seed = cloudinit.merge(
        ctx.stack,
        machine,
        parts,
        ssh_authorized_key=public_line(user_key(ctx), f"ashore@{ctx.stack.name}"),
        host_key=host_key(ctx, machine),
    )
    texts = (seed.user_data, seed.meta_data, seed.network_config)
    return Blueprint(machine, *texts, DATA[machine.role], blank)


def access_of(ctx: Context) -> Access:
    """The keys of the cluster and the clients that use them."""
    return Access(ctx.stack, ctx.secrets, ctx.files)


def user_key(ctx: Context) -> bytes:
    """The private key that logs in to every machine of the stack."""
    return _kept(ctx, "ssh/user")


def host_key(ctx: Context, machine: Machine) -> cloudinit.HostKey:
    """The machine's own key, made here so that it is known before the first connection."""
    private = _kept(ctx, f"ssh/host/{machine.name}")
    return cloudinit.HostKey(private.decode(), public_line(private, machine.name))


def _kept(ctx: Context, name: str) -> bytes:
    return ctx.secrets.keep(name, lambda: make_ssh_key("").private)


def known_hosts(ctx: Context) -> str:
    """Every machine's names and address with its host key, as ssh reads them."""
    return "".join(
        known_hosts_line(
            [machine.name, ctx.stack.fqdn(machine), str(machine.address)],
            host_key(ctx, machine).public,
        )
        for machine in ctx.stack.machines
    )


def retirement(ctx: Context, name: str) -> Callable[[], Awaitable[None]]:
    """Takes a machine that the file no longer names out of what it is part of."""
    if storage_index(name) is not None:
        return partial(leave_pool, ctx.connect, ctx.stack, name)
    return partial(leave, access_of(ctx), name)


def refuse_retirement(ctx: Context, gone: list[str]) -> None:
    """Raise, before anything is touched, if machines cannot be done without."""
    refuse_leave(ctx.stack, gone)


def retires_after(ctx: Context) -> tuple[str, ...]:
    """Keys of the steps after which machines that the file no longer names may go."""
    return ("kube/api", "storage/volume") if ctx.stack.storage else ("kube/api",)
