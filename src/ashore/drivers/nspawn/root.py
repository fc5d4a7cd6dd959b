"""What a machine's own layer holds before its first boot."""

import hashlib
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from ashore.drivers.base import Blueprint
from ashore.drivers.nspawn.layout import Layout
from ashore.host.files import write

_UNITS = "etc/systemd/system"

# Units that have nothing to do in a container, or that would reach for the
# host's kernel: each costs a process or two at every boot of every machine.
MASKED = (
    "console-getty.service",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "getty.target",
    "modprobe@.service",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path",
    "systemd-binfmt.service",
    "systemd-hwdb-update.service",
    "systemd-logind.service",
    "systemd-modules-load.service",
    "systemd-remount-fs.service",
    "systemd-tmpfiles-setup-dev-early.service",
    "systemd-tmpfiles-setup-dev.service",
    "systemd-udev-trigger.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
)

_GENERATORS = "etc/systemd/system-generators"

# Each is a process at every boot that finds nothing in a container. The last
# one only looks for a seed, which is there: what it would enable is enabled.
UNUSED_GENERATORS = (
    "systemd-debug-generator",
    "systemd-getty-generator",
    "systemd-gpt-auto-generator",
    "systemd-hibernate-resume-generator",
    "systemd-rc-local-generator",
    "systemd-run-generator",
    "systemd-ssh-generator",
    "systemd-system-update-generator",
    "systemd-tpm2-generator",
    "cloud-init-generator",
)

# The kubelet sets these unless it finds them set. They belong to the whole
# host, so it finds files of the machine's own with the values that it wants.
_GUARDED = {
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
}

_EARLY = "ashore-early"
_OWN = "etc/ashore"  # not below /usr: a changed /usr asks for updates at boot


def early(*, legacy: bool) -> str:
    """The script that runs first in the machine."""
    lines = [f"mount --all --fstab /{_OWN}/fstab"]
    if legacy:
        lines += [
            # Version 1 controllers come read-only; containerd and the kubelet
            # make groups in the machine's own subtree.
            'for group in /sys/fs/cgroup/*; do mount -o remount,bind,rw "$group" || :; done',
            "mount --make-rshared /",
        ]
    return "\n".join(lines) + "\n"


def _guard(own: Path) -> None:
    mounts: list[str] = []
    for name, value in _GUARDED.items():
        copy = name.replace("/", ".")
        write(own / copy, f"{value}\n")
        mounts.append(f"/{_OWN}/{copy} /proc/sys/{name} none bind 0 0\n")
    write(own / "fstab", "".join(mounts))


_EARLY_UNIT = f"""\
[Unit]
Description=Guard the host's settings
DefaultDependencies=no
Before=sysinit.target systemd-sysctl.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /{_OWN}/early
"""

# A stopping control plane can take 90 s with the default; the journal is
# evidence after a failure, and must not fill the host's disk.
_MANAGER = "[Manager]\nDefaultTimeoutStopSec=8s\n"
_JOURNAL = "[Journal]\nStorage=persistent\nSystemMaxUse=64M\nReadKMsg=no\nAudit=no\n"


def build(layout: Layout, blueprint: Blueprint, stack: str, *, legacy: bool) -> None:
    """Write the machine's own layer: identity, seed, and what containers need."""
    name = blueprint.machine.name
    for directory in (layout.upper, layout.work, layout.root):
        directory.mkdir(parents=True, exist_ok=True)
    identity = hashlib.sha256(f"{stack}/{name}".encode()).hexdigest()[:32]
    write(layout.upper / "etc/machine-id", identity + "\n", 0o444)
    write(layout.upper / "etc/hostname", name + "\n")
    write_seed(layout, blueprint)
    _units(layout.upper, legacy=legacy)
    write(layout.upper / "etc/cloud/cloud.cfg.d/99-ashore.cfg", "datasource_list: [NoCloud]\n")
    write(layout.upper / "etc/systemd/system.conf.d/50-ashore.conf", _MANAGER)
    write(layout.upper / "etc/systemd/journald.conf.d/50-ashore.conf", _JOURNAL)
    (layout.upper / "var/log/journal").mkdir(parents=True, exist_ok=True)
    _kernel_config(layout.upper)
    for tree in ("etc", "var"):
        # systemd-update-done(8): the image is up to date, nothing is to be rebuilt.
        write(layout.upper / tree / ".updated", "")


def _units(upper: Path, *, legacy: bool) -> None:
    units = upper / _UNITS
    _guard(upper / _OWN)
    write(upper / _OWN / "early", early(legacy=legacy))
    write(units / f"{_EARLY}.service", _EARLY_UNIT)
    _link(units / f"sysinit.target.wants/{_EARLY}.service", f"../{_EARLY}.service")
    cloud_init = "cloud-init.target"
    _link(units / "multi-user.target.wants" / cloud_init, f"/usr/lib/systemd/system/{cloud_init}")
    for unit in MASKED:
        _link(units / unit, "/dev/null")
    for generator in UNUSED_GENERATORS:
        _link(upper / _GENERATORS / generator, "/dev/null")


def write_seed(layout: Layout, blueprint: Blueprint) -> None:
    """Write the NoCloud seed (user-data may hold secrets: 0600)."""
    for file, text in seed(blueprint).items():
        write(layout.seed / file, text, 0o600)


def seed_differs(layout: Layout, blueprint: Blueprint) -> bool:
    """Whether the seed on disk is another one."""
    try:
        return any((layout.seed / f).read_text() != t for f, t in seed(blueprint).items())
    except FileNotFoundError:
        return True


def seed(blueprint: Blueprint) -> Mapping[str, str]:
    """The files of a NoCloud seed."""
    return {
        "user-data": blueprint.user_data,
        "meta-data": blueprint.meta_data,
        "network-config": blueprint.network_config,
    }


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_symlink():
        path.symlink_to(target)


def _kernel_config(upper: Path) -> None:
    """Kubeadm's preflight reads the kernel's configuration below /boot."""
    config = Path(f"/boot/config-{platform.release()}")
    target = upper / config.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if config.is_file():
        shutil.copyfile(config, target)
    elif Path("/proc/config.gz").exists():
        import gzip

        target.write_bytes(gzip.decompress(Path("/proc/config.gz").read_bytes()))
