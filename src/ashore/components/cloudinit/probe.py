"""What cloud-init says of a machine's boot, and what its files are like."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ashore.components.wait import loop
from ashore.transport.base import Connect

_RESULT = "/run/cloud-init/result.json"


@dataclass(frozen=True, slots=True)
class Result:
    """The end of cloud-init's last run on a machine."""

    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it is on the machine."""

    sha256: str
    mode: int
    owner: str


async def result(connect: Connect, machine: str) -> Result | None:
    """How cloud-init ended in this boot; None while it works.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    done = await connect(machine).run(["cat", _RESULT], check=False, timeout=10)
    if done.returncode != 0 or not done.stdout.strip():
        return None
    return Result(tuple(str(error) for error in json.loads(done.stdout)["v1"]["errors"]))


async def wait(connect: Connect, machine: str, seconds: float) -> str:
    """Wait on the machine itself until cloud-init has ended; returns what is missing.

    One command that looks every 100 ms: a command a look from outside would
    cost a booting machine more than its boot.
    """
    waiter = loop(f"[ -s {_RESULT} ]")
    done = await connect(machine).run(waiter, check=False, timeout=seconds)
    return "" if done.returncode == 0 else f"the wait on the machine ended with {done.returncode}"


async def output(connect: Connect, machine: str) -> str:
    """The last lines that the commands of the first boot printed."""
    done = await connect(machine).run(
        ["tail", "-n", "15", "/var/log/cloud-init-output.log"], check=False
    )
    return done.text


async def files(connect: Connect, machine: str, paths: Sequence[str]) -> dict[str, Seen]:
    """Digest, mode and owner of files, in one command; files that are not there are left out."""
    if not paths:
        return {}
    script = 'stat -c "%a %U:%G %n" -- "$@"; echo; sha256sum -- "$@"'
    done = await connect(machine).run(["sh", "-c", script, "sh", *paths], check=False)
    stats, _, digests = done.stdout.decode(errors="replace").partition("\n\n")
    sums = {path: digest for digest, path in _fields(digests, 1)}
    return {
        path: Seen(sums[path], int(mode, 8), owner)
        for mode, owner, path in _fields(stats, 2)
        if path in sums
    }


def _fields(text: str, splits: int) -> list[list[str]]:
    return [line.split(maxsplit=splits) for line in text.splitlines() if line.strip()]
