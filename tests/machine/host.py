"""What a reboot of the host does to one stack: every process and kernel object of it is gone."""

import os
import signal
import subprocess
import time
from pathlib import Path


def _members(name: str) -> set[int]:
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if f"ashore-{name}/" in (entry / "cgroup").read_text():
                found.add(int(entry.name))
        except OSError:
            continue  # it ended while we looked
    return found


def power_cut(name: str, state: Path, seconds: float = 30) -> None:
    """Kill every process of the stack, then drop its mounts and namespaces.

    A real reboot leaves only files; cgroups empty of processes are left here
    too, which is the harder case.
    """
    deadline = time.monotonic() + seconds
    while members := _members(name):
        assert time.monotonic() < deadline, f"still alive: {members}"
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # a parent took it along
        time.sleep(0.05)
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    for mount in reversed([line.split()[4] for line in lines]):
        if mount.startswith(f"{state}/"):
            subprocess.run(["umount", "--lazy", mount], check=True)
    for namespace in Path("/run/netns").glob(f"ashore-{name}*"):
        subprocess.run(["ip", "netns", "del", namespace.name], check=True)
