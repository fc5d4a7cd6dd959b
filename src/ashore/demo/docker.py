"""The image in a worker's Docker Engine, and in the stack's registry."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ashore.errors import AshoreError, ExitCode
from ashore.model.types import Role, Stack
from ashore.transport.base import CommandFailed, Completed, Connect

_ASKS = 20.0  # s
_BUILDS = 600.0
_PUSHES = 600.0


@dataclass(frozen=True, slots=True)
class Engine:
    """The Docker Engine of a worker, where root is logged in to the registry."""

    connect: Connect
    worker: str

    async def built(self, image: str) -> str:
        """The identity of an image that Docker has; empty if it has none of that name."""
        done = await self._ask("image", "inspect", "--format", "{{.Id}}", image)
        return done.text if done.returncode == 0 else ""

    async def build(self, image: str, context: bytes) -> None:
        """Build from a tar archive. Raises CommandFailed with Docker's last lines."""
        # Nothing is fetched: what a step of the Dockerfile needs is in the archive.
        argv = ["docker", "build", "--quiet", "--network", "none", "--tag", image, "-"]
        await self.connect(self.worker).run(argv, stdin=context, timeout=_BUILDS)

    async def push(self, image: str) -> None:
        """Push to the registry. Raises CommandFailed."""
        argv = ["docker", "push", "--quiet", image]
        await self.connect(self.worker).run(argv, timeout=_PUSHES)

    async def pushed(self, image: str) -> str:
        """Empty if the registry has the image, else what it says."""
        done = await self._ask("manifest", "inspect", image)
        if done.returncode == 0:
            return ""
        return done.stderr.decode(errors="replace").strip() or f"exit {done.returncode}"

    async def digest(self, image: str) -> str:
        """The digest by which the registry knows an image that was pushed from here."""
        done = await self._ask("image", "inspect", "--format", "{{json .RepoDigests}}", image)
        found: list[str] = json.loads(done.text) if done.returncode == 0 else []
        name = image.rpartition(":")[0]
        return next((d.partition("@")[2] for d in found or () if d.startswith(f"{name}@")), "")

    async def _ask(self, *arguments: str) -> Completed:
        run = self.connect(self.worker).run
        return await run(["docker", *arguments], check=False, timeout=_ASKS)


async def engine(connect: Connect, stack: Stack) -> Engine:
    """The first worker's whose Docker answers.

    Raises:
        AshoreError: none does (exit code 2); says what each said.
    """
    said: list[str] = []
    argv = ["docker", "version", "--format", "{{.Server.Version}}"]
    for machine in stack.of_role(Role.WORKER):
        try:
            done = await connect(machine.name).run(argv, check=False, timeout=_ASKS)
        except CommandFailed as error:
            said.append(error.message)
            continue
        if done.returncode == 0:
            return Engine(connect, machine.name)
        said.append(f"{machine.name}: {_last(done.stderr) or f'exit {done.returncode}'}")
    raise AshoreError(
        f"no worker of {stack.name} has a Docker Engine that answers:\n" + _indented(said),
        "the stack file gives workers Docker; then `ashore up`",
        ExitCode.USAGE,
    )


async def require_registry(engine: Engine, registry: str) -> None:
    """Raise (exit code 2) unless the stack's registry answers the engine's machine."""
    # Whether it is to be trusted is Docker's business; here only, whether it is there.
    argv = ["curl", "--silent", "--show-error", "--insecure", "--max-time", "5"]
    argv += ["--output", "/dev/null", f"https://{registry}/v2/"]
    done = await engine.connect(engine.worker).run(argv, check=False, timeout=_ASKS)
    if done.returncode:
        raise AshoreError(
            f"no registry answers at {registry}, asked on {engine.worker}: {_last(done.stderr)}",
            "`ashore up` makes it; `ashore status` tells what is wrong with the gateway",
            ExitCode.USAGE,
        )


def _last(text: bytes) -> str:
    return (text.decode(errors="replace").strip().splitlines() or [""])[-1]


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}" for line in lines) or "  it has no worker"
