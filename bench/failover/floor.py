"""Machines for one setup: a gateway, two load balancers, and stand-ins of control planes."""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

from ashore import recipe
from ashore.bmc import process as bmc
from ashore.components.cloudinit.steps import steps as cloudinit_steps
from ashore.components.dnsmasq.steps import steps as dnsmasq_steps
from ashore.components.pacemaker import probe
from ashore.drill.child import Child
from ashore.drill.measure import python
from ashore.drivers.nspawn.driver import NspawnDriver
from ashore.drivers.steps import Fabric, Made
from ashore.events import Emit, ignore
from ashore.host import facts
from ashore.host.files import write
from ashore.host.run import run
from ashore.image import rootfs
from ashore.image.types import Image
from ashore.model.load import loads_stack
from ashore.model.types import Machine, Role, Stack
from ashore.pki.authority import issue, make_ca
from ashore.plan import runner
from ashore.plan.step import Context, Step
from ashore.state.journal import Journal
from ashore.state.ledger import Ledger
from ashore.state.secrets import StackSecrets
from ashore.supply.cache import digest, making
from bench.failover.setups import ASHORE, Setup, gateway

NAME = "bench-failover"
_FILE = f"""\
apiVersion: ashore/v1
kind: Stack
name: {NAME}
network: {{cidr: 10.93.0.0/24, uplink: none}}
machines: {{worker: {{count: 0}}}}
"""
_WHOLE = 90.0  # s; a load balancer that was fenced boots again first
_MACHINES = (Role.GATEWAY, Role.LOADBALANCER)


async def keepalived_layer(cache: Path) -> Path:
    """keepalived and what it links with, unpacked beside the golden root that lacks it."""
    layer = cache / "bench" / digest({"keepalived": rootfs.wanted()})
    if not layer.is_dir():
        async with making(layer, "bench", ignore) as scratch:
            if scratch is not None:
                argv = ["mmdebstrap", "--quiet", "--variant=extract", "--format=directory"]
                argv += ["--aptopt=Apt::Install-Recommends false", "--include=keepalived"]
                await run([*argv, rootfs.SUITE, str(scratch), *rootfs.host_mirrors()], timeout=900)
    return layer


@dataclass
class Floor:
    """One setup, running. Enter to make it, leave to remove it."""

    setup: Setup
    directory: Path
    image: Image
    emit: Emit

    def __post_init__(self) -> None:
        self.stack: Stack = loads_stack(_FILE, "bench")
        state = self.directory / NAME
        state.mkdir(parents=True, exist_ok=True)
        self.driver = NspawnDriver(self.stack, self.image, state, Ledger(state / "ledger").record)
        secrets = StackSecrets(state / "secrets")
        self.authority = make_ca("bench")
        self.context = Context(
            self.stack, self.driver.transport, secrets, state, self.emit, None, facts.ask()
        )
        self._state = state
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> "Floor":
        self._exits.push_async_callback(self._destroy)
        try:
            await self._make()
        except BaseException:
            await self._exits.aclose()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._exits.aclose()

    async def _make(self) -> None:
        await self.driver.destroy()
        steps = self._steps()
        await self._apply([s for s in steps if s.layer in ("fabric", "machines", "gateway")])
        for machine in self.stack.of_role(Role.CONTROLPLANE):
            await self._backend(machine)
        # Backends first, or HAProxy begins with all of them down.
        await self._apply(steps)
        await self.whole()

    async def _destroy(self) -> None:
        if self.setup is ASHORE:
            await bmc.service(NAME).stop()
        if left := await self.driver.destroy():
            raise SystemExit(f"left over: {left}")

    def _steps(self) -> list[Step]:
        ctx, steps = self.context, list[Step]()
        steps.append(Fabric(self.driver))
        if self.setup is ASHORE:
            steps.append(recipe.redfish(ctx, self.driver))
        for machine in (m for m in self.stack.machines if m.role in _MACHINES):
            of_gateway = machine.role is Role.GATEWAY
            make = self.setup.fragments
            parts = gateway(ctx, machine, self.setup) if of_gateway else make(ctx, machine)
            blueprint = recipe.blueprint(ctx, machine, parts)
            steps.append(Made(self.driver, blueprint, needs=("fabric",)))
            steps += cloudinit_steps(ctx, machine, parts)
        return [*steps, *dnsmasq_steps(ctx), *self.setup.steps(ctx)]

    async def _apply(self, steps: Sequence[Step]) -> None:
        known = {step.key for step in steps}
        for step in steps:
            if missing := [need for need in step.needs if need not in known]:
                raise SystemExit(f"{step.key} needs {missing}")
        await runner.apply(
            steps,
            verb="bench",
            stack=NAME,
            emit=self.emit,
            logs=lambda key: self._state / f"{key.replace('/', '.')}.log",
            journal=Journal(self._state / "journal", "bench"),
        )

    async def _backend(self, machine: Machine) -> None:
        pair = issue(
            self.authority, machine.name, dns=[self.stack.api_name], ip=[machine.address],
            server=True,
        )  # fmt: skip
        certificate = self._state / f"{machine.name}.crt"
        key = self._state / f"{machine.name}.key"
        write(certificate, pair.cert)
        write(key, pair.key, 0o600)
        address = IPv4Interface(f"{machine.address}/{self.stack.network.cidr.prefixlen}")
        enter = await self.driver.guest_add(machine.name, address)
        self._exits.push_async_callback(self.driver.guest_remove, machine.name)
        wish = {
            "address": str(machine.address),
            "certificate": str(certificate),
            "key": str(key),
        }
        program = str(Path(__file__).with_name("backend.py"))
        listening = asyncio.Event()

        def take(line: Any) -> None:
            listening.set()

        child = await Child.start([*enter, python("")[0], "-I", program], wish, take)
        self._exits.push_async_callback(child.stop)
        async with asyncio.timeout(20):
            await listening.wait()

    async def holders(self) -> list[str]:
        """The load balancers that have the floating IP."""
        return await probe.holders(self.driver.transport, self.stack)

    async def whole(self) -> str:
        """Wait until nothing is left of a fault; the load balancer that has the floating IP."""
        deadline = time.monotonic() + _WHOLE
        while True:
            found = await self.holders()
            if len(found) != 1:
                missing = f"the floating IP is on {found or 'no machine'}"
            else:
                missing = await self.setup.whole(self.driver.transport, self.stack)
            if not missing:
                return found[0]
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.setup.name} is not whole again: {missing}")
            await asyncio.sleep(0.25)

    async def shell(self, machine: str, command: str, *, check: bool = True) -> None:
        """Run a shell command on a machine."""
        await self.driver.transport(machine).run(["sh", "-c", command], check=check, timeout=60)

    def resets(self) -> list[dict[str, Any]]:
        """Finished resets, as the Redfish service logged them."""
        log = self.driver.bmc_place().directory / "resets.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        return [r for r in map(json.loads, lines) if r["result"] == "done"]


def image_of(cache: Path, layer: Path) -> Image:
    """The golden root without Kubernetes, above keepalived's files."""
    layers = (rootfs.planned(cache), layer)
    return Image(digest([re.sub(r"\W", "", str(each)) for each in layers]), layers, {})
