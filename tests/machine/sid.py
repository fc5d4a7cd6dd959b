"""The real VBoxManage, out of Debian's unstable suite, in a chroot of its own.

Debian's releases have no VirtualBox. Its kernel driver is not built here, so that no
machine can start; everything up to that does not need it.
"""

import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ashore.events import ignore
from ashore.image import distributions, rootfs
from ashore.supply.cache import digest, making
from ashore.supply.machine import architecture

# A mirror may be weeks behind; nothing of the chroot is ever handed on.
OPTIONS = ("--aptopt=Acquire::Check-Valid-Until false",)
PACKAGES = ("ashore-test-dummy", "systemd-standalone-sysusers", "virtualbox")
# The kernel's modules, on which virtualbox depends, would bring a compiler and a kernel.
DUMMY = """\
Package: ashore-test-dummy
Version: 1
Architecture: all
Maintainer: nobody <nobody@localhost>
Provides: virtualbox-modules
Description: stands in for modules of a kernel that is not there
"""


def sources() -> tuple[str, ...]:
    """This host's mirror, or else the archive itself: the unstable suite with contrib."""
    given = rootfs.host_mirrors("sid") or distributions.DISTRIBUTIONS[0].sources(architecture())
    return (f"deb {given[0].split()[1]} sid main contrib",)


def repository(directory: Path) -> str:
    """An apt repository with the dummy package; returns its line of apt sources."""
    tree = directory / "tree/DEBIAN"
    tree.mkdir(parents=True)
    (tree / "control").write_text(DUMMY)
    package = directory / "dummy.deb"
    argv = ["dpkg-deb", "--root-owner-group", "--build", tree.parent, package]
    subprocess.run(argv, check=True, capture_output=True)
    content = package.read_bytes()
    fields = f"Filename: ./dummy.deb\nSize: {len(content)}\n"
    index = f"{DUMMY}{fields}SHA256: {hashlib.sha256(content).hexdigest()}\n".encode()
    (directory / "Packages").write_bytes(index)
    # Without it apt looks for the index under other names first and calls that an error.
    line = f" {hashlib.sha256(index).hexdigest()} {len(index)} Packages\n"
    (directory / "Release").write_text(f"Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n{line}")
    return f"deb [trusted=yes] copy:{directory} ./"


async def chroot(cache: Path) -> Path:
    """The root file system from the cache; half a minute of mmdebstrap if it is not there."""
    place = cache / "virtualbox" / digest({"packages": PACKAGES, "dummy": DUMMY})
    if not place.is_dir():
        async with making(place, "virtualbox/chroot", ignore) as scratch:
            if scratch is not None:
                with TemporaryDirectory(prefix="dummy-") as directory:
                    Path(directory).chmod(0o755)
                    lines = [*sources(), repository(Path(directory))]
                    await rootfs.bootstrap(scratch, "sid", PACKAGES, {}, lines, OPTIONS)
    return place


@contextmanager
def entered(root: Path, directory: Path, shared: Sequence[Path]) -> Iterator[tuple[str, ...]]:
    """A command that runs VBoxManage in the chroot, as a user of whom nothing is there.

    All of it, VirtualBox's server and the mounts too, lives in namespaces that end
    with the context, and nothing is written to the chroot in the cache.

    Args:
        directory: for what it writes.
        shared: directories of this computer that are seen in the chroot.
    """
    upper, work, place = (directory / name for name in ("upper", "work", "root"))
    for each in (upper, work, place):
        each.mkdir()
    options = f"lowerdir={root},upperdir={upper},workdir={work}"
    lines = ["set -e", f"mount -t overlay overlay -o {options} {place}"]
    lines += [f"mount -t proc proc {place}/proc", f"mount --bind /dev {place}/dev"]
    for each in shared:
        lines += [f"mkdir -p {place}{each}", f"mount --bind {each} {place}{each}"]
    script = "\n".join([*lines, "echo ready", "exec sleep infinity"])
    space = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]
    holder = subprocess.Popen(space, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n", "the chroot could not be entered"
        child = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()[0]
        into = ["nsenter", f"--target={child}", "--mount", "--pid", "chroot", str(place)]
        yield (*into, "env", "HOME=/root", "VBoxManage")
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()
