"""VBoxManage: one call, and the reading of what it prints."""

import asyncio
import os
import pwd
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ashore.errors import AshoreError, ExitCode
from ashore.host import cgroups
from ashore.host.run import CommandFailed, installed, run
from ashore.host.service import systemd_runs

PROGRAM = "VBoxManage"

_NO_SERVER = "Failed to create the VirtualBox object"
_SERVER = 10.0  # s until VirtualBox's server answers; on an idle host it needs 0.3

INSTALL = "install VirtualBox 7.0 to 7.2 (Debian has it in unstable: virtualbox)"

# Into the root of systemd's hierarchy, where the first argument leads.
_ELSEWHERE = 'echo $$ >"$0" && exec "$@"'

_LISTED = re.compile(r'^"(?P<name>.*)" \{(?P<uuid>[0-9a-f-]{36})\}$', re.MULTILINE)
_PAIR = re.compile(r'^(?:"(?P<quoted>[^"]*)"|(?P<key>[^"=\s]+))=(?P<value>.*)$', re.MULTILINE)
_VERSION = re.compile(r"^(\d+)\.(\d+)\.(\d+)\S*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Listed:
    """A VM as `list vms` shows it; `<inaccessible>` when its settings cannot be read."""

    name: str
    uuid: str


@dataclass(frozen=True, slots=True)
class Medium:
    """A disk or DVD that VirtualBox has in its registry; `parent` is None for a base."""

    uuid: str
    parent: str | None
    location: str


def program() -> tuple[str, ...]:
    """The command of VBoxManage on this computer; empty if it is not installed.

    It starts VirtualBox's server where there is none, which then starts the machines. They
    would end with the session or the service that happened to call it first, so it never
    runs in the control group of its caller.
    """
    if not installed(PROGRAM):
        return ()
    if systemd_runs():
        scope = ("systemd-run", "--quiet", "--collect", "--scope", "--slice=ashore.slice")
        return (*scope, "--", PROGRAM)
    found = cgroups.hierarchies()
    root = found.controllers.get("name=systemd") or found.unified
    return ("sh", "-c", _ELSEWHERE, f"{root}/cgroup.procs", PROGRAM) if root else (PROGRAM,)


class VBoxManage:
    """Calls the program.

    Args:
        command: what stands for `VBoxManage` on a command line; empty if there is none.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    @property
    def installed(self) -> bool:
        """Whether there is a program to call."""
        return bool(self._command)

    async def __call__(self, arguments: Sequence[str], timeout: float = 60.0) -> str:
        """Run a subcommand to its end; what it printed.

        Raises:
            AshoreError: it is not installed.
            CommandFailed: non-zero, or an error was told with exit code 0.
        """
        if not self.installed:
            raise AshoreError(f"{PROGRAM} is not installed", INSTALL, ExitCode.HOST)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _SERVER
        while True:
            try:
                return await self._once(arguments, timeout)
            except CommandFailed as error:
                # Several calls that find no server each start one, and all but one of these
                # end again: seen with six calls at once. Nothing was done yet.
                if _NO_SERVER not in error.message or loop.time() > deadline:
                    raise
            await asyncio.sleep(0.2)

    async def _once(self, arguments: Sequence[str], timeout: float) -> str:
        # VirtualBox's registry is below HOME. `sudo -E` keeps a user's own; the service that
        # fences has none, and would not find what was registered there.
        home = pwd.getpwuid(os.geteuid()).pw_dir
        done = await run([*self._command, *arguments], timeout=timeout, env={"HOME": home})
        errors = [e for e in done.stderr.decode(errors="replace").splitlines() if "error:" in e]
        if errors:
            line = " ".join(done.argv)
            raise CommandFailed(f"told an error: {line}\n" + "\n".join(errors[-3:]), "", done)
        return done.text

    async def version(self) -> tuple[int, int, int]:
        """Raises AshoreError if it is not VBoxManage that answers."""
        # Debian's wrapper says before it that the kernel's module is not loaded.
        text = await self(["--version"])
        found = _VERSION.findall(text)
        if not found:
            raise AshoreError(f"`VBoxManage --version` said {text!r}")
        major, minor, patch = (int(part) for part in found[-1])
        return major, minor, patch

    async def machines(self, what: str = "vms") -> list[Listed]:
        """Every VM of this user; `runningvms`: those that are on."""
        return listed(await self(["list", what]))

    async def show(self, uuid: str) -> dict[str, str]:
        """What VirtualBox knows of a VM."""
        return pairs(await self(["showvminfo", uuid, "--machinereadable"]))

    async def media(self, what: str = "hdds") -> list[Medium]:
        """Every disk in the registry; `dvds`: every DVD."""
        return media(await self(["list", what]))


def listed(text: str) -> list[Listed]:
    """Read `list vms`."""
    return [Listed(found["name"], found["uuid"]) for found in _LISTED.finditer(text)]


def pairs(text: str) -> dict[str, str]:
    """Read what `--machinereadable` prints; values without their quotes."""
    found: dict[str, str] = {}
    for match in _PAIR.finditer(text):
        value = match["value"]
        plain = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        found[match["quoted"] or match["key"]] = plain
    return found


def media(text: str) -> list[Medium]:
    """Read `list hdds` or `list dvds`: a paragraph each."""
    found: list[Medium] = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^(UUID|Parent UUID|Location): +(.*)$", paragraph, re.MULTILINE))
        if "UUID" in fields and "Location" in fields:
            parent = fields.get("Parent UUID", "base")
            known = None if parent == "base" else parent
            found.append(Medium(fields["UUID"], known, fields["Location"]))
    return found
