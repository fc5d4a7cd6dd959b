"""`<worker>/docker`: Docker runs, or does not, as the stack file says."""

from dataclasses import dataclass

from ashore.components.docker.probe import UNIT, engine
from ashore.components.wait import ask, until
from ashore.model.types import Role
from ashore.plan.step import Context, Step
from ashore.transport.base import Connect

_SECONDS = 60.0

_NO_SYSV = {"SYSTEMCTL_SKIP_SYSV": "1"}
"""Debian's package has a script for SysV too, which systemctl would link by perl."""


def steps(ctx: Context) -> list[Step]:
    """One for each worker; nothing of the cluster waits for them."""
    workers = ctx.stack.of_role(Role.WORKER)
    if ctx.stack.docker:
        return [Started(ctx.connect, worker.name) for worker in workers]
    return [Stopped(ctx.connect, worker.name) for worker in workers]


@dataclass(frozen=True, slots=True)
class Started:
    """Docker serves, now and after a boot.

    It is not started at the first boot, where each second of the processor
    is one that the cluster waits.
    """

    connect: Connect
    machine: str
    title: str = "start Docker"
    layer: str = "workers"
    needs: tuple[str, ...] = ("kube/nodes",)

    @property
    def key(self) -> str:
        return f"{self.machine}/docker"

    async def drift(self) -> list[str]:
        """See `Step`."""
        seen = await engine(self.connect, self.machine)
        differs = [] if seen.enabled else ["Docker does not start at boot"]
        return differs if seen.running else [*differs, "Docker does not run"]

    async def apply(self) -> None:
        """See `Step`."""
        start = ["systemctl", "enable", "--now", "--no-block", UNIT]
        await self.connect(self.machine).run(start, env=_NO_SYSV)

        async def answers() -> str:
            command = ["docker", "version", "--format", "{{.Server.Version}}"]
            done = await ask(self.connect, self.machine, command)
            if done is None:
                return "no answer"
            return done.stderr.decode(errors="replace").strip() if done.returncode else ""

        await until(
            answers,
            f"{self.machine}: Docker answers",
            seconds=_SECONDS,
            hint=f"`ashore exec {self.machine} -- journalctl -u docker` says why not",
        )


@dataclass(frozen=True, slots=True)
class Stopped:
    """Docker does not run, whatever an earlier stack file said."""

    connect: Connect
    machine: str
    title: str = "stop Docker"
    layer: str = "workers"

    @property
    def key(self) -> str:
        return f"{self.machine}/docker"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.machine}/config",)

    async def drift(self) -> list[str]:
        """See `Step`."""
        seen = await engine(self.connect, self.machine)
        return ["Docker runs"] if seen.enabled or seen.running else []

    async def apply(self) -> None:
        """See `Step`."""
        stop = ["systemctl", "disable", "--now", UNIT, "docker.socket"]
        await self.connect(self.machine).run(stop, env=_NO_SYSV)
