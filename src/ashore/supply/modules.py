"""Programs built from the Go module proxy, by the toolchain and gcc of this host."""

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

from ashore.errors import AshoreError
from ashore.events import Emit, Output
from ashore.host.run import CommandFailed, run
from ashore.supply import images
from ashore.supply.base import Room
from ashore.supply.builds import Build, builds
from ashore.supply.golang import Go, toolchain
from ashore.supply.machine import architecture, tied
from ashore.supply.versions import Versions

# Kubernetes took 11 minutes on two busy cores with nothing cached.
_BUILD_SECONDS = 3000.0
_PROGRESS_SECONDS = 5.0

# Measured: Go's caches take 12.5 GiB, the programs and images 1.2; the rest is for what a
# build writes meanwhile.
_PROGRAMS = 3 * 1024**3 // 2
_ROOM = 37 * 1024**3 // 2

ON_MACHINES = (
    "kubelet",
    "kubeadm",
    "kubectl",
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "runc",
    "etcdctl",
    "coredns",
)
CNI = ("bridge", "loopback", "host-local", "portmap", "flannel")


class Modules:
    """Builds pinned versions; the Go checksum database vouches for the sources."""

    name = "modules"

    def host_packages(self) -> tuple[str, ...]:
        """The C compiler for runc and pause, and what runc links against."""
        return ("gcc", "libc6-dev", "libseccomp-dev", "pkg-config")

    def room(self, cache: Path) -> Room:
        """All of Go's caches, too; how much is left of that once they are begun is not known."""
        begun = (cache / "go").is_dir()
        return Room(_PROGRAMS if begun else _ROOM, _ROOM)

    async def answers(self) -> bool:
        """Always: Go itself tells best what keeps it from a module."""
        return True

    async def fill(self, versions: Versions, place: Path, cache: Path, emit: Emit) -> None:
        """Build everything; the log of each build stays in `<cache>/log`."""
        go = await toolchain(versions.go, cache, emit)
        programs = place / "built"
        programs.mkdir()
        todo = builds(versions)
        for number, build in enumerate(todo, 1):
            progress = f"building {build.name} {build.version} ({number} of {len(todo)})"
            emit(Output("supply", progress))
            await _build(go, build, place / "work" / build.name, programs, emit)
        await _pause(go, versions, programs)
        emit(Output("supply", "writing the images"))
        await _assemble(versions, place, programs)


async def _build(go: Go, build: Build, work: Path, programs: Path, emit: Emit) -> None:
    """Build one row of the table into `programs`."""
    work.mkdir(parents=True)
    source = await _download(go, build)
    (work / "go.mod").write_text(go_mod(build, (source / "go.mod").read_text()))
    if build.main:
        (work / "main.go").write_text(own_main(build, (source / build.main).read_text()))
    flags = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in build.stamps)])
    if build.static:
        flags += " -linkmode external -extldflags -static"
    out = f"{work}/out/"
    argv = [go.program, "build", "-v", "-o", out, "-ldflags", flags, "-tags", build.tags]
    argv += build.packages or (".",)
    log = go.cache / "log" / f"build-{build.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # The output goes to the file as it comes: a build takes minutes, and who
    # waits wants to see where it is.
    shell = tied(["sh", "-c", 'exec nice -n 5 "$@" >"$0" 2>&1', str(log), *argv])
    env = go.env(cgo=build.cgo) | {"GOTMPDIR": str(work)}
    async with _progress(build, log, emit):
        try:
            await run(shell, cwd=str(work), env=env, timeout=_BUILD_SECONDS)
        except CommandFailed as error:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
            raise AshoreError(
                f"building {build.name} {build.version} failed\n{tail}", f"the whole log: {log}"
            ) from error
    renamed = dict(build.programs)
    for program in Path(out).iterdir():
        program.rename(programs / renamed.get(program.name, program.name))


async def _download(go: Go, build: Build) -> Path:
    """The module's source, verified by Go against the checksum database."""
    wanted = f"{build.module}@{build.version}"
    argv = [go.program, "mod", "download", "-json", wanted]
    done = await run(argv, cwd="/", env=go.env(), timeout=600, check=False)
    answer: dict[str, str] = json.loads(done.stdout) if done.stdout.strip() else {}
    if done.returncode != 0 or "Dir" not in answer:
        why = answer.get("Error") or done.stderr.decode(errors="replace").strip()
        raise AshoreError(f"{wanted} cannot be had: {why}", "is the Go module proxy reachable?")
    return Path(answer["Dir"])


def go_mod(build: Build, upstream: str) -> str:
    """A module of our own that requires the wanted one, nothing else."""
    lines = [
        f"module ashore.local/{build.name}",
        f"go {_directive(upstream)}",
        f"require {build.module} {build.version}",
    ]
    if build.staged:
        # Upstream requires them as v0.0.0, and replaces even some that it does
        # not require. Required as what they are, the build information is right.
        staged = re.findall(r"^\s+(\S+) v0\.0\.0(?: |$)", upstream, re.MULTILINE)
        lines += [f"require {module} {build.staged}" for module in staged]
        lines += [f"replace {module} => {module} {build.staged}" for module in staged]
    return "\n".join(lines) + "\n"


def _directive(go_mod: str) -> str:
    found = re.search(r"^go (\S+)", go_mod, re.MULTILINE)
    # A module with an older directive than 1.21 would be built under older
    # language rules for no gain.
    return max(found[1] if found else "1.21", "1.21", key=_numbers)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def own_main(build: Build, upstream: str) -> str:
    """The module's main file without the imports that the row names."""
    lines = upstream.splitlines(keepends=True)
    unwanted = {f'\t_ "{path}"\n' for path in build.without}
    if missing := unwanted - set(lines):
        raise AshoreError(f"{build.name}: {build.main} does not import {sorted(missing)}")
    return "".join(line for line in lines if line not in unwanted)


@contextlib.asynccontextmanager
async def _progress(build: Build, log: Path, emit: Emit) -> AsyncGenerator[None]:
    """While the block runs, tell now and then how many packages are compiled."""

    async def tell() -> None:
        before = 0
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            lines = log.read_bytes().splitlines() if log.exists() else []
            if len(lines) > before:
                last = lines[-1].decode(errors="replace")
                emit(Output("supply", f"{build.name}: {len(lines)} packages, {last}"))
                before = len(lines)

    task = asyncio.create_task(tell())
    try:
        yield
    finally:
        task.cancel()


async def _pause(go: Go, versions: Versions, programs: Path) -> None:
    """The pause container's program, from the C source in the Kubernetes module."""
    source = await _download(go, builds(versions)[0])
    argv = ["gcc", "-Os", "-Wall", "-static", "-s", f"-DVERSION=v{versions.pause}"]
    argv += ["-o", str(programs / "pause"), str(source / "build/pause/linux/pause.c")]
    await run(argv, timeout=60)


async def _assemble(versions: Versions, scratch: Path, programs: Path) -> None:
    """Lay out tree, images and bare programs; drop everything else."""
    for folder, names in (("tree/usr/bin", ON_MACHINES), ("tree/opt/cni/bin", CNI)):
        target = scratch / folder
        target.mkdir(parents=True)
        for name in names:
            (target / name).hardlink_to(programs / name)
    (scratch / "images").mkdir()
    (scratch / "bare").mkdir()
    for recipe in images.RECIPES:
        if recipe.tools:
            for _, name in recipe.programs:
                (scratch / "bare" / name).hardlink_to(programs / name)
        else:
            target = scratch / "images" / f"{recipe.image}.tar"
            images.build(recipe, versions, architecture(), programs, target)
            await asyncio.sleep(0)
    shutil.rmtree(scratch / "work")
    shutil.rmtree(programs)
