"""Settings of the whole host that many machines need, and that only root can raise."""

from dataclasses import dataclass
from pathlib import Path

from ashore.drivers.base import Finding, Level, Record
from ashore.host.run import run

_SYSCTL = Path("/proc/sys")

# 128 instances run out at the seventh machine (each systemd, kubelet and
# containerd watches files); the watches follow the same order of magnitude.
_INOTIFY = {
    "fs.inotify.max_user_instances": 8192,
    "fs.inotify.max_user_watches": 1_048_576,
}

# Without it, connections through a Service's address to a pod on the same
# node fail: their answers pass the bridge unseen by netfilter.
_BRIDGE = "br_netfilter"


@dataclass(frozen=True, slots=True)
class Low:
    """A setting that is lower than wanted."""

    name: str
    value: int
    wanted: int


def low() -> list[Low]:
    """The settings that are to be raised."""
    found: list[Low] = []
    for name, wanted in _INOTIFY.items():
        value = int(_path(name).read_text())
        if value < wanted:
            found.append(Low(name, value, wanted))
    return found


def bridge_filter_missing() -> bool:
    """Whether the kernel does not show bridged packets to netfilter."""
    return not (_SYSCTL / "net/bridge").is_dir()


def loadable(module: str) -> bool:
    """Whether this kernel has a module of that name to load."""
    release = (_SYSCTL / "kernel/osrelease").read_text().strip()
    index = Path(f"/lib/modules/{release}/modules.dep")
    return index.exists() and f"/{module}.ko" in index.read_text()


def findings() -> list[Finding]:
    """What `doctor` says of them; `up` mends what it can."""
    found = [
        Finding(
            id=setting.name.rpartition(".")[2].replace("_", "-").replace("max-user", "inotify"),
            level=Level.WARNING,
            what=f"{setting.name} is {setting.value}",
            why=f"the machines share it and need {setting.wanted}",
            fix=f"sysctl -w {setting.name}={setting.wanted}",
            mended_by_up=True,
        )
        for setting in low()
    ]
    if bridge_filter_missing():
        found.append(_bridge_finding())
    return found


def _bridge_finding() -> Finding:
    can = loadable(_BRIDGE)
    return Finding(
        id="br-netfilter",
        level=Level.WARNING,
        what=f"the kernel module {_BRIDGE} is not loaded",
        why="a pod does not reach a Service whose pod is on the same node",
        fix=f"modprobe {_BRIDGE}" if can else f"boot a kernel that has {_BRIDGE}",
        mended_by_up=can,
    )


async def mend(record: Record) -> None:
    """Raise what is low and load what is missing; each change is recorded first."""
    for setting in low():
        record("setting", f"{setting.name}={setting.wanted} (was {setting.value})")
        _path(setting.name).write_text(str(setting.wanted))
    if bridge_filter_missing() and loadable(_BRIDGE):
        record("module", _BRIDGE)
        await run(["modprobe", _BRIDGE])


def drift() -> list[str]:
    """What `mend` would change."""
    found = [f"{s.name} is {s.value}, wanted {s.wanted}" for s in low()]
    if bridge_filter_missing() and loadable(_BRIDGE):
        found.append(f"the kernel module {_BRIDGE} is not loaded")
    return found


def _path(name: str) -> Path:
    return _SYSCTL / name.replace(".", "/")
