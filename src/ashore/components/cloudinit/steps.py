"""Steps of every machine: the first boot has ended, and its files are as rendered."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from ashore.components.cloudinit import probe
from ashore.components.wait import until
from ashore.errors import AshoreError
from ashore.model.fragment import File, Fragment
from ashore.model.types import Machine
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect

# Software emulation boots in about a minute; see FACTS of each driver.
_BOOT_SECONDS = 120.0


def steps(ctx: Context, machine: Machine, fragments: Sequence[Fragment]) -> list[Step]:
    """The steps of one machine, which exists and is powered on by `<m>/machine`."""
    files = tuple(file for fragment in fragments for file in fragment.files)
    return [
        Boot(ctx.connect, machine.name),
        Config(ctx.connect, machine.name, files),
    ]


@dataclass(frozen=True)
class Boot:
    """cloud-init has ended without an error."""

    connect: Connect
    machine: str
    title: str = "boot and run cloud-init"
    layer: str = "machines"

    @property
    def key(self) -> str:
        return f"{self.machine}/boot"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/machine",)

    async def drift(self) -> list[str]:
        result = await probe.result(self.connect, self.machine)
        if result is None:
            return ["cloud-init has not ended"]
        return [f"cloud-init: {error}" for error in result.errors]

    async def apply(self) -> None:
        async def ended() -> str:
            return await probe.wait(self.connect, self.machine, _BOOT_SECONDS)

        await until(
            ended,
            f"{self.machine}: cloud-init ends",
            seconds=_BOOT_SECONDS,
            hint=f"`ashore exec {self.machine} -- systemctl list-jobs` shows what it waits for",
        )
        result = await probe.result(self.connect, self.machine)
        if result is not None and result.errors:
            output = await probe.output(self.connect, self.machine)
            raise AshoreError(
                f"{self.machine}: cloud-init ended with errors\n"
                + "\n".join((*result.errors, output)),
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
        return [f"{file.path} {why}" for file, why in await self._differences()]

    async def apply(self) -> None:
        transport = self.connect(self.machine)
        changed = [file for file, _ in await self._differences()]
        for file in changed:
            await transport.put(file.path, content(file), mode=file.mode, owner=file.owner)
        for command in dict.fromkeys(file.notify for file in changed if file.notify):
            await transport.run(["sh", "-c", command])

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
