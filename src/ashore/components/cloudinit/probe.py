"""What cloud-init says of a machine's boot, and what its files are like."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from ashore.components.wait import loop
from ashore.transport.base import Connect

_RESULT = "/run/cloud-init/result.json"
_MARK = "--ashore--"
PENDING = "/var/lib/ashore/pending"
"""Commands still to run, a line each."""


@dataclass(frozen=True, slots=True)
class BootState:
    """How far a machine is with its boot.

    Attributes:
        errors: of cloud-init's run; None while it works.
        addressed: whether eth0 has the planned address.
    """

    errors: tuple[str, ...] | None
    addressed: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it is on the machine."""

    sha256: str
    mode: int
    owner: str


async def boot(connect: Connect, machine: str, address: IPv4Address) -> BootState:
    """How far the machine is.

    Raises:
        MachineDown: the machine cannot be asked.
    """
    script = f"cat {_RESULT}; echo {_MARK}; ip -4 -o address show dev eth0 to {address}/32"
    done = await connect(machine).run(["sh", "-c", script], check=False, timeout=10)
    result, _, addresses = done.text.rpartition(_MARK)
    errors = None
    if result.strip():
        errors = tuple(str(error) for error in json.loads(result)["v1"]["errors"])
    return BootState(errors, bool(addresses.strip()))


async def wait(connect: Connect, machine: str, address: IPv4Address, seconds: float) -> str:
    """Wait on the machine itself until it has booted; returns what is missing.

    One command that looks every 100 ms: a command a look from outside would
    cost a booting machine more than its boot. A DHCP client that asked before
    the gateway served asks again after 4 s, then 8 s; here it is made to ask
    every half second, or where that takes long, a sixth of the time.
    """
    script = (
        f"{loop(f'[ -s {_RESULT} ]')[-1]}\n"
        f'until [ -n "$(ip -4 -o address show dev eth0 to {address}/32)" ]; do\n'
        "  began=${EPOCHREALTIME/[.,]/}; networkctl reconfigure eth0\n"
        "  rest=$(( (${EPOCHREALTIME/[.,]/} - began) * 5 )); ((rest > 500000)) || rest=500000\n"
        "  printf -v rest %d.%06d $((rest / 1000000)) $((rest % 1000000))\n"
        '  read -rt "$rest" -u 3 || :\n'
        "done"
    )
    done = await connect(machine).run(["bash", "-c", script], check=False, timeout=seconds)
    return "" if done.returncode == 0 else f"the wait on the machine ended with {done.returncode}"


async def pending(connect: Connect, machine: str) -> list[str]:
    """Commands that a changed file has asked for and that have not run to their end."""
    done = await connect(machine).run(["cat", PENDING], check=False, timeout=10)
    return done.text.splitlines() if done.returncode == 0 else []


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
