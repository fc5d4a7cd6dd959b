"""A gateway and two load balancers as virtual machines: the floating IP outlives its holder.

`make test-qemu-pair` runs it: the steps of `up` without those of Kubernetes. It needs KVM:
Pacemaker gives a fence agent 5 s to tell what it can do, and fence_redfish took 57 s on
one of three emulated machines on two cores.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ashore import recipe
from ashore.app import down, driver
from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.components.corosync.steps import steps as corosync_steps
from ashore.components.dnsmasq.steps import steps as dnsmasq_steps
from ashore.components.haproxy.steps import steps as haproxy_steps
from ashore.components.pacemaker import probe
from ashore.components.pacemaker.steps import API_PORT
from ashore.components.pacemaker.steps import steps as pacemaker_steps
from ashore.components.wait import patience
from ashore.drivers.base import PowerState
from ashore.drivers.steps import Fabric
from ashore.errors import ExitCode
from ashore.events import Event, StepDone
from ashore.model.load import loads_stack
from ashore.model.types import Role
from ashore.plan import runner
from ashore.plan.step import Step
from ashore.state import logs
from ashore.state.journal import Journal
from ashore.state.paths import StackState, cache_root, state_root
from tests.contract.machines import needs_root
from tests.machine.leftovers import snapshot

NAME = "vmpair"
FILE = f"""\
apiVersion: ashore/v1
kind: Stack
name: {NAME}
network: {{cidr: 10.79.215.0/24, uplink: none}}
"""
ROLES = (Role.GATEWAY, Role.LOADBALANCER)
MOVED_SECONDS = 120.0


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def emit(event: Event) -> None:
    if isinstance(event, StepDone) and event.changed:
        say(f"{event.key}: {event.seconds:.1f} s")


def chosen() -> Chosen:
    stack = loads_stack(FILE, "test")
    machines = tuple(m for m in stack.machines if m.role in ROLES)
    stack = replace(stack, driver="qemu", machines=machines)
    return Chosen(stack, "test", FILE, StackState(state_root() / NAME), cache_root())


def steps(session: Session) -> list[Step]:
    context, machines = session.context, session.driver
    return [
        *driver.steps(session.chosen, emit),
        Fabric(machines),
        recipe.redfish(context, machines),
        *recipe.machines(context, machines, recipe.access_of(context)),
        *dnsmasq_steps(context),
        *corosync_steps(context),
        *haproxy_steps(context),
        *pacemaker_steps(context),
    ]


async def up(session: Session) -> None:
    patience.set(await driver.patience(session.chosen))
    state = session.state
    state.make()
    state.keep_stack_file(FILE)
    run = logs.new_run(state.logs)
    journal = Journal(state.journal, run.id)
    await runner.apply(
        steps(session), verb="up", stack=NAME, emit=emit, logs=run.path, journal=journal, limit=64
    )


@asynccontextmanager
async def stack() -> AsyncGenerator[Session]:
    needs_root()
    await down.down(chosen(), emit)
    before = snapshot(NAME)
    try:
        yield open_session(chosen(), emit)
    finally:
        assert await down.down(chosen(), emit) == ExitCode.DONE
    assert snapshot(NAME).beyond(before).get("processes") is None
    assert not (state_root() / NAME).exists()


async def serves(session: Session) -> bool:
    network = session.stack.network
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(
                str(network.floating), API_PORT, local_addr=(str(network.host), 0)
            )
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def gap(session: Session) -> float:
    """Seconds from now until the floating IP is served again, having gone away first."""
    began, gone = time.monotonic(), False
    while time.monotonic() - began < MOVED_SECONDS:
        served = await serves(session)
        gone = gone or not served
        if served and gone:
            return time.monotonic() - began
        await asyncio.sleep(0.05)
    raise AssertionError(f"not served within {MOVED_SECONDS} s; it went away: {gone}")


@pytest.mark.machines
async def test_the_floating_ip_outlives_its_holder() -> None:
    async with stack() as session:
        began = time.monotonic()
        await up(session)
        say(f"up: {time.monotonic() - began:.0f} s")
        connect, machines = session.context.connect, session.driver
        (holder,) = await probe.holders(connect, session.stack)
        (other,) = {"lb1", "lb2"} - {holder}
        await machines.power_off(holder)
        say(f"{holder} is off; floating IP served again after {await gap(session):.2f} s")
        assert await probe.holders(connect, session.stack) == [other]
        # Who was fenced is powered on again through the Redfish service.
        for _ in range(600):
            if (await machines.states())[holder] is PowerState.ON:
                break
            await asyncio.sleep(0.5)
        assert (await machines.states())[holder] is PowerState.ON
