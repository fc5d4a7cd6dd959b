"""The command line of systemd-nspawn."""

from pathlib import Path

from ashore.drivers.nspawn.layout import Definition, Layout
from ashore.drivers.shared.names import Names

# nspawn's own filter refuses these to containers; container runtimes need them.
_SYSTEM_CALLS = "@keyring bpf add_key keyctl @mount"

# A machine must not load modules, set the clock or touch the host's devices.
_DROPPED = (
    "CAP_SYS_MODULE",
    "CAP_SYS_TIME",
    "CAP_SYS_RAWIO",
    "CAP_MAC_ADMIN",
    "CAP_MAC_OVERRIDE",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
)

FUSE = Path("/dev/fuse")
"""Some hosts have not got it; only replicated volumes need it."""

ENVIRONMENT = {
    # A wholly writable /sys makes networkd wait for udev, which a container has not.
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
    # The directory is ours alone; the lock file would outlive a killed nspawn.
    "SYSTEMD_NSPAWN_LOCK": "0",
}
LEGACY_ENVIRONMENT = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "0"}
LEGACY_INIT = ("systemd.unified_cgroup_hierarchy=0", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1")


def nspawn(definition: Definition, layout: Layout, names: Names) -> list[str]:
    """What both kinds of host have in common."""
    return [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        "--keep-unit",
        f"--directory={layout.root}",
        f"--machine={names.container(definition.machine)}",
        f"--hostname={definition.machine}",
        f"--network-namespace-path={names.netns_path(definition.machine)}",
        "--private-users=no",
        "--capability=all",
        f"--drop-capability={','.join(_DROPPED)}",
        f"--system-call-filter={_SYSTEM_CALLS}",
        *(["--bind=/dev/fuse"] if FUSE.exists() else []),
        # The kubelet wants it to be there; the host's own would mix the journals.
        "--bind=/dev/null:/dev/kmsg",
        *(f"--bind={layout.data(d)}:{d}" for d in definition.data),
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--console=pipe",
        "--kill-signal=SIGRTMIN+3",
    ]


def overlay(definition: Definition, layout: Layout) -> list[str]:
    """The mount of the machine's root."""
    options = (
        f"lowerdir={':'.join(definition.layers)},upperdir={layout.upper},workdir={layout.work}"
    )
    return ["mount", "-t", "overlay", "overlay", "-o", options, str(layout.root)]
