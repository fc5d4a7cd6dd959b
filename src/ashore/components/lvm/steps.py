"""`<m>/volumes`: every logical volume is at least as large as the stack file has it."""

from dataclasses import dataclass

from ashore.components.lvm import change, probe
from ashore.components.lvm.probe import Group
from ashore.errors import AshoreError, ExitCode
from ashore.model.types import Machine
from ashore.plan.step import Context, Step
from ashore.stack.values import format_whole
from ashore.transport.base import Connect


def steps(ctx: Context, machine: Machine) -> list[Step]:
    """Nothing for machines that do not boot the golden disk."""
    if not ctx.stack.volumes:
        return []
    return [Volumes(ctx.connect, machine.name, ctx.stack.disk.volumes)]


@dataclass(frozen=True)
class Volumes:
    """The volumes of one machine. They only grow: one that is larger is left as it is."""

    connect: Connect
    machine: str
    wanted: tuple[tuple[str, int], ...]
    title: str = "grow its logical volumes"
    layer: str = "machines"

    @property
    def key(self) -> str:
        return f"{self.machine}/volumes"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/boot",)

    async def drift(self) -> list[str]:
        found = await probe.group(self.connect, self.machine)
        return [
            f"{name} has {format_whole(self._has(found, name))} instead of {format_whole(size)}"
            for name, size in self._smaller(found)
        ]

    async def apply(self) -> None:
        found = await probe.group(self.connect, self.machine)
        smaller = self._smaller(found)
        has = {volume.name: volume.size for volume in found.volumes}
        # All of them or none: where only some can grow, the group is left untouched.
        grown = {name: found.rounded(size) - has.get(name, 0) for name, size in smaller}
        more = sum(max(size, 0) for size in grown.values())
        if more > found.free:
            raise AshoreError(
                f"{self.machine}: {', '.join(name for name, _ in smaller)} are to grow by"
                f" {format_whole(more)}, and {probe.GROUP} has {format_whole(found.free)} free",
                "smaller disk.volumes; a machine that is made anew has the disk.size of the file",
                ExitCode.USAGE,
            )
        change.refuse_origins(found, self.machine, [n for n, size in grown.items() if size > 0])
        for name, size in smaller:
            await change.grow(self.connect, self.machine, name, size)

    def _smaller(self, found: Group) -> list[tuple[str, int]]:
        return [(n, size) for n, size in self.wanted if self._has(found, n) < found.rounded(size)]

    @staticmethod
    def _has(found: Group, name: str) -> int:
        """Bytes that can be used: a file system that has not grown yet is what counts."""
        volume = found.find(name)
        return min(volume.size, volume.filesystem or volume.size) if volume else 0
