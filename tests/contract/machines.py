"""A small stack of real machines for contract tests, and what it may leave."""

import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from ashore.drivers.base import Blueprint
from ashore.drivers.nspawn.driver import NspawnDriver
from ashore.drivers.qemu.driver import QemuDriver
from ashore.drivers.shared.disks import Golden
from ashore.events import ignore
from ashore.host.files import write
from ashore.image import disk as disk_file
from ashore.image import rootfs, tree
from ashore.image.disksteps import Order
from ashore.image.distributions import distribution
from ashore.image.layout import layout
from ashore.image.types import Image
from ashore.model.load import loads_stack
from ashore.model.types import Kubernetes, Machine, Network, Role, Stack
from ashore.pki.ssh import known_hosts_line, make_ssh_key
from ashore.state.paths import cache_root, state_root
from ashore.transport.base import CommandFailed, Transport
from ashore.transport.ssh import Login
from tests.machine.leftovers import snapshot

NAME = "contract"
GATEWAY = Machine(
    "gw", Role.GATEWAY, 1, IPv4Address("10.79.213.2"), "02:00:00:d5:00:02", 1.5, 1 << 30
)
WORKER = Machine(
    "w1", Role.WORKER, 1, IPv4Address("10.79.213.100"), "02:00:00:d5:01:00", 2.0, 1 << 30
)

STACK = Stack(
    name=NAME,
    driver="nspawn",
    os="debian-13",
    supply="auto",
    network=Network(
        cidr=IPv4Network("10.79.213.0/24"),
        domain="contract.internal",
        host=IPv4Address("10.79.213.1"),
        bmc=IPv4Address("10.79.213.3"),
        gateway=GATEWAY.address,
        floating=IPv4Address("10.79.213.10"),
        dynamic=(IPv4Address("10.79.213.200"), IPv4Address("10.79.213.229")),
        services=(IPv4Address("10.79.213.230"), IPv4Address("10.79.213.254")),
        uplink="none",
    ),
    kubernetes=Kubernetes(
        version="1.37.2",
        pod_cidr=IPv4Network("10.244.0.0/16"),
        service_cidr=IPv4Network("10.96.0.0/16"),
        dns=IPv4Address("10.96.0.10"),
    ),
    machines=(GATEWAY, WORKER),
)

DATA = "/var/lib/kept"

KEY = make_ssh_key("contract")
HOST_KEYS = {machine.name: make_ssh_key(machine.name) for machine in STACK.machines}

patience = {"seconds": 60.0}
"""How long a machine may take to boot: software emulation is slow."""


def blueprint(machine: Machine, **changes: object) -> Blueprint:
    """A machine with a static address, a file by cloud-init and a data directory."""
    seed = {
        "user_data": "#cloud-config\n"
        "users: []\n"
        # The image leaves out every module that the stacks' seeds do without.
        "cloud_init_modules: [write_files, set_hostname, ssh]\n"
        "write_files:\n"
        f"  - {{path: /etc/seeded, content: {machine.name}}}\n"
        f"ssh_authorized_keys: [{KEY.public}]\n"
        "ssh_keys:\n"
        f"  ed25519_public: {HOST_KEYS[machine.name].public}\n"
        f"  ed25519_private: {json.dumps(HOST_KEYS[machine.name].private.decode())}\n",
        "meta_data": f"instance-id: {NAME}-{machine.name}\nlocal-hostname: {machine.name}\n",
        "network_config": "version: 2\nethernets:\n  eth0:\n"
        f"    match: {{macaddress: '{machine.mac}'}}\n    set-name: eth0\n"
        f"    addresses: [{machine.address}/24]\n",
        "data": (DATA,),
    }
    return Blueprint(machine, **{**seed, **changes})


def needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes namespaces, mounts and control groups")


def image() -> Image:
    """Machines of the golden root file system alone, which is built if it is not there."""
    root = asyncio.run(rootfs.obtain(cache_root(), ignore))
    return Image(root.name, (root,), {})


def traces() -> list[str]:
    """Whatever on the host carries the name of the test's stack."""
    seen = snapshot(NAME)
    found = [f"{f.name}: {x}" for f in fields(seen) for x in getattr(seen, f.name) if NAME in x]
    state = state_root() / NAME / "machines"
    return found + ([f"directory {state}"] if state.exists() else [])


def golden() -> Golden:
    """The golden disk of the default stack file, which is built if it is not there; no programs."""
    disk = loads_stack("apiVersion: ashore/v1\nkind: Stack\n", "defaults").disk
    order = Order(distribution(disk.os), layout(disk), (), cache_root(), None)
    emit = ignore
    asyncio.run(tree.obtain(order.row, [v.name for v in order.plan.volumes], order.cache, emit))
    asyncio.run(disk_file.obtain(order.tree, order.plan, order.cache, emit))
    return Golden(order.raw, Image("", (), {}), cache_root())


def login(place: Path | None = None) -> Login:
    """Files of the keys that the seeds hold."""
    place = place or Path(tempfile.gettempdir()) / "ashore-contract"
    place.mkdir(mode=0o700, exist_ok=True)
    write(place / "key", KEY.private, 0o600)
    lines = (known_hosts_line([name], key.public) for name, key in HOST_KEYS.items())
    write(place / "known_hosts", "".join(lines))
    return Login(place / "key", place / "known_hosts")


def make(kind: str) -> NspawnDriver | QemuDriver:
    state = state_root() / NAME
    if kind == "nspawn":
        return NspawnDriver(STACK, image(), state, lambda kind, name: None)
    patience["seconds"] = 900.0
    return QemuDriver(STACK, golden(), state, lambda kind, name: None, login)


def drivers(kind: str) -> Iterator[NspawnDriver | QemuDriver]:
    """A driver of a stack of which nothing is there, before and after."""
    needs_root()
    driver = make(kind)
    asyncio.run(driver.destroy())
    try:
        yield driver
    finally:
        left = asyncio.run(driver.destroy())
        if (state_root() / NAME).exists():
            (state_root() / NAME).rmdir()
    assert left == []


async def eventually(transport: Transport, *argv: str, timeout: float | None = None) -> str:
    """What a command prints, as soon as it succeeds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (timeout or patience["seconds"])
    while True:
        try:
            return (await transport.run(argv)).text
        except CommandFailed as error:
            if loop.time() > deadline:
                raise AssertionError(f"{' '.join(argv)}: {error.message}") from error
        await asyncio.sleep(0.1)


async def booted(transport: Transport) -> None:
    """Wait until cloud-init is done."""
    await eventually(transport, "test", "-e", "/run/cloud-init/result.json")
