"""What the figures were measured on."""

import os
import platform
from pathlib import Path


def describe() -> str:
    """Processor, cores, memory, kernel and the load right now, in a line."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = next(
        (x.split(":", 1)[1].strip() for x in cpuinfo.splitlines() if x.startswith("model name")),
        platform.machine(),
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    load = " ".join(f"{x:.1f}" for x in os.getloadavg())
    system = f"Linux {platform.release()}"
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, {system}, load {load}"


def available() -> float:
    """Memory that is available on this computer, in MiB."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no MemAvailable in /proc/meminfo")
