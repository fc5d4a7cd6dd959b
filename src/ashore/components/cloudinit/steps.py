"""Steps of every machine: the first boot has ended, and its files are as rendered."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ashore.components.cloudinit import probe
from ashore.components.wait import stretched, until
from ashore.errors import AshoreError
from ashore.model.fragment import File, Fragment
from ashore.model.types import Machine
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect

_BOOT_SECONDS = 120.0


def steps(ctx: Context, machine: Machine, fragments: Sequence[Fragment]) -> list[Step]:
    """The steps of one machine, which exists and is powered on by `<m>/machine`."""
    files = tuple(file for fragment in fragments for file in fragment.files)
    return [
        Boot(ctx.connect, machine.name, machine.address),
        Config(ctx.connect, machine.name, files),
    ]


@dataclass(frozen=True)
class Boot:
    """Cloud-init has ended without an error, and the machine has its planned address."""

    connect: Connect
    machine: str
    address: IPv4Address
    title: str = "boot and run cloud-init"
    layer: str = "machines"

    @property
    def key(self) -> str:
        return f"{self.machine}/boot"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/machine",)

    async def drift(self) -> list[str]:
        boot = await probe.boot(self.connect, self.machine, self.address)
        if boot.errors is None:
            return ["cloud-init has not ended"]
        differences = [f"cloud-init: {error}" for error in boot.errors]
        return differences if boot.addressed else [*differences, f"it has no {self.address}"]

    async def apply(self) -> None:
        async def ended() -> str:
            return await probe.wait(
                self.connect, self.machine, self.address, stretched(_BOOT_SECONDS)
            )

        await until(
            ended,
            f"{self.machine}: cloud-init ends and {self.address} is there",
            seconds=_BOOT_SECONDS,
            hint=f"`ashore exec {self.machine} -- systemctl list-jobs` shows what it waits for",
        )
        boot = await probe.boot(self.connect, self.machine, self.address)
        if boot.errors:
            output = await probe.output(self.connect, self.machine)
            raise AshoreError(
                f"{self.machine}: cloud-init ended with errors\n"
                + "\n".join((*boot.errors, output)),
                f"`ashore exec {self.machine} -- cat /var/log/cloud-init.log` has the rest",
            )


@dataclass(frozen=True)
class Config:
    """Every file of every fragment has the rendered content, mode and owner."""

    connect: Connect
    machine: str
    files: tuple[File, ...] = field(repr=False)
    title: str = "keep its files as rendered"
    layer: str = "machines"

    @property
    def key(self) -> str:
        return f"{self.machine}/config"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/boot",)

    async def drift(self) -> list[str]:
        differences = [f"{file.path} {why}" for file, why in await self._differences()]
        pending = await probe.pending(self.connect, self.machine)
        return differences + [f"not done yet: {command}" for command in pending]

    async def apply(self) -> None:
        transport = self.connect(self.machine)
        changed = [file for file, _ in await self._differences()]
        commands = [
            *await probe.pending(self.connect, self.machine),
            *(file.notify for file in changed if file.notify),
        ]
        # Written down first: who is killed between a file and its command would
        # find the file in place and never run the command.
        if commands:
            todo = "".join(f"{command}\n" for command in dict.fromkeys(commands))
            await transport.put(probe.PENDING, todo.encode())
        for file in changed:
            await transport.put(file.path, content(file), mode=file.mode, owner=file.owner)
        for command in dict.fromkeys(commands):
            await transport.run(["sh", "-c", command])
        if commands:
            await transport.run(["rm", "-f", probe.PENDING])

    async def _differences(self) -> list[tuple[File, str]]:
        found = await probe.files(self.connect, self.machine, [file.path for file in self.files])
        differences: list[tuple[File, str]] = []
        for file in self.files:
            seen = found.get(file.path)
            if seen is None:
                differences.append((file, "is missing"))
            elif seen.sha256 != hashlib.sha256(content(file)).hexdigest():
                differences.append((file, "differs"))
            elif (seen.mode, seen.owner) != (file.mode, file.owner):
                differences.append((file, f"is {seen.mode:04o} {seen.owner}"))
        return differences


def content(file: File) -> bytes:
    """The bytes of a file."""
    return file.content if isinstance(file.content, bytes) else file.content.encode()
