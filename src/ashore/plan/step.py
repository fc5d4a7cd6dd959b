"""The unit of work: a state that something should be in, and how to get there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ashore.events import Emit
from ashore.model.host import HostFacts
from ashore.model.types import Stack
from ashore.transport.base import Connect


class Step(Protocol):
    """One state of one thing.

    The runner waits for every step in `needs`, asks `drift`, applies if the
    list is not empty, then asks `drift` again: a step that still differs has
    failed. So a step is idempotent and can be interrupted anywhere.

    Attributes:
        key: unique, stable, usable as a file name after `/` -> `.`:
            `cp1/kubeadm`, `fabric`, `image/rootfs`.
        title: imperative, without the machine's name: "start the kubelet".
        layer: one of `LAYERS`.
        machine: short name, or None for a step of the whole stack.
        needs: keys of steps that must be done before.
    """

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def layer(self) -> str: ...
    @property
    def machine(self) -> str | None: ...
    @property
    def needs(self) -> tuple[str, ...]: ...

    async def drift(self) -> list[str]:
        """What differs from the wanted state, a phrase each; empty if in place.

        Changes nothing. May raise MachineDown, which counts as a difference.
        """
        ...

    async def apply(self) -> None:
        """Bring the state about and wait (with a deadline) until it is there."""
        ...


LAYERS = (
    "supply",
    "image",
    "fabric",
    "machines",
    "gateway",
    "load balancers",
    "storage",
    "control planes",
    "workers",
    "network",
    "volumes",
    "addons",
    "demo",
)
"""In the order in which they are shown; the graph's edges alone decide what runs when."""


class Secrets(Protocol):
    """The stack's secrets: made once, kept 0600, never logged."""

    def keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of that name (`kube/ca.key`); made and stored if it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What the steps of components get from the application.

    Attributes:
        connect: the transport of a machine by name.
        files: a directory of the stack on the host for files that steps leave
            (kubeconfig); it exists.
        emit: shows an event; for `Output` lines of a long step.
        upstream: name servers outside the stack; None without an uplink, when
            nothing ever leaves the stack.
        facts: what this computer is like.
    """

    stack: Stack
    connect: Connect
    secrets: Secrets
    files: Path
    emit: Emit
    upstream: tuple[str, ...] | None
    facts: HostFacts
