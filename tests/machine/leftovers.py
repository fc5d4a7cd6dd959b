"""What a stack could leave on a host, as sets that can be compared."""

import json
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Snapshot:
    namespaces: frozenset[str]
    links: frozenset[str]
    routes: frozenset[str]
    mounts: frozenset[str]
    cgroups: frozenset[str]
    processes: frozenset[str]
    tables: frozenset[str]

    def beyond(self, before: "Snapshot") -> dict[str, list[str]]:
        """What is here and was not there before, by kind; empty if nothing."""
        found = {
            f.name: sorted(getattr(self, f.name) - getattr(before, f.name)) for f in fields(self)
        }
        return {kind: names for kind, names in found.items() if names}


def _ip(*arguments: str) -> list[dict[str, object]]:
    done = subprocess.run(["ip", "-json", *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout or "[]")


def _tables() -> frozenset[str]:
    done = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True)
    return frozenset(done.stdout.splitlines())


def _processes(name: str) -> frozenset[str]:
    """Processes of the stack: by cgroup or by command line."""
    found: set[str] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            cgroup = (entry / "cgroup").read_text()
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended while we looked
        if not line:
            continue  # it has ended and given its memory back; its parent has yet to take note
        labelled = "qemu-system" in line and f" -name ashore-{name}-" in line
        container = "systemd-nspawn" in line and f"/{name}/" in line
        connection = "ssh" in line and f"/{name}/machines/" in line
        if f"ashore-{name}" in cgroup or labelled or container or connection:
            found.add(f"{entry.name} {line[:120]}")
    return frozenset(found)


def snapshot(name: str) -> Snapshot:
    """Everything on the host that belongs, or could belong, to the stack."""
    namespaces = Path("/run/netns")
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return Snapshot(
        namespaces=frozenset(p.name for p in (namespaces.iterdir() if namespaces.exists() else ())),
        links=frozenset(str(link["ifname"]) for link in _ip("link", "show")),
        routes=frozenset(str(route["dst"]) for route in _ip("route", "show")),
        mounts=frozenset(line.split()[4] for line in mounts),
        cgroups=frozenset(
            str(p) for p in Path("/sys/fs/cgroup").rglob(f"*ashore*{name}*") if p.is_dir()
        ),
        processes=_processes(name),
        tables=_tables(),
    )
