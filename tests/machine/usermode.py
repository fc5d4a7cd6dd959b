"""User-mode Linux: the golden disk on a kernel that is a program of this computer.

Where KVM does not work, QEMU has to translate every instruction: a fence agent took 19 times
as long to describe itself, and a control plane did not come up beside it. Under user-mode
Linux the processor runs programs itself, and only what they ask of their kernel takes a detour.

The kernel is built from the sources of Debian's unstable suite: the package user-mode-linux
has no nftables for IPv4. The golden disk brings everything else, its initramfs too.

The guest has one processor, and so have all of its processes together: a system call changes
from a process to the kernel's and back, and takes half as long (11 us, not 21) if both are on
one processor of this computer. Cpusets are not to be had without CONFIG_SMP.
"""

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ashore.events import ignore
from ashore.host.run import run
from ashore.image import rootfs
from ashore.supply.cache import digest, making, remove_tree
from tests.machine import sid
from tests.machine.boot_disk import seed
from tests.machine.guest import Commands, first_boot

SLOWER = 8
"""How many times more patience it needs than this computer."""

DISKS = Path("/dev", "shm")
"""Where its disks lie best. A flush of a disk that is a file waits for all that was written to
it: etcd, which flushes every change, would wait for the images that are unpacked beside it."""

_CONFIG = Path(__file__).with_name("usermode.config")
_PACKAGES = ("linux-source", "gcc", "libc6-dev", "make", "flex", "bison", "bc", "xz-utils")
_PACKAGES += ("kmod", "perl", "python3-minimal")
_BUILD_SECONDS = 3600.0
# The kubelet does not start where /proc/cpuinfo has no clock speed.
_BUILD = """\
cd /usr/src
tar --extract --file linux-source-*.tar.xz --strip-components=1 --one-top-level=source
cd source
sed -i '/seq_printf(m, "bogomips/i seq_puts(m, "cpu MHz : 1000.000\\\\n");' arch/um/kernel/um_arch.c
grep -q 'cpu MHz' arch/um/kernel/um_arch.c
make -s ARCH=um x86_64_defconfig
cat /usermode.config >>.config
make -s ARCH=um olddefconfig
missing=$(grep -Fxv -f .config /usermode.config || :)
[ -z "$missing" ] || { echo "not to be had: $missing" >&2; exit 1; }
exec make -s -j2 ARCH=um linux
"""
_INSIDE = """\
mount -t proc proc "$1/proc"
mount --bind /dev "$1/dev"
exec chroot "$1" sh -ec "$2"
"""


async def kernel(cache: Path) -> Path:
    """The program, from the cache; some minutes of compiling if it is not there."""
    known = {"packages": _PACKAGES, "config": _CONFIG.read_text(), "build": _BUILD}
    place = cache / "usermode" / digest(known)
    if not place.is_dir():
        async with making(place, "usermode", ignore) as scratch:
            if scratch is not None:
                await _build(scratch)
    return place / "linux"


async def _build(scratch: Path) -> None:
    """Leaves only the program, which is linked statically."""
    root = scratch / "root"
    await rootfs.bootstrap(root, "sid", _PACKAGES, {}, sid.sources(), sid.OPTIONS)
    (root / "usermode.config").write_text(_CONFIG.read_text())
    argv = ["unshare", "--mount", "sh", "-ec", _INSIDE, "sh", str(root), _BUILD]
    await run(argv, timeout=_BUILD_SECONDS)
    (root / "usr/src/source/linux").rename(scratch / "linux")
    await remove_tree(root)


class Usermode(Commands):
    """The golden disk as a `Guest`, on this kernel.

    Args:
        program: `kernel`.
        uki: the golden disk's, for its initramfs.
        directory: for what is written.
        disks: the golden disk, of which a copy is used, and others, which are written to.
        memory: MiB.
    """

    def __init__(
        self,
        program: Path,
        uki: Path,
        directory: Path,
        disks: Sequence[Path],
        script: str,
        memory: int,
    ) -> None:
        super().__init__(directory / "console.log")
        golden, initrd = directory / "golden.raw", directory / "initrd"
        subprocess.run(["cp", "--sparse=always", disks[0], golden], check=True)
        argv = ["objcopy", "-O", "binary", "--only-section=.initrd", uki, initrd]
        subprocess.run(argv, check=True)
        given = [golden, *disks[1:], seed(directory, first_boot(script, "/dev/ttyS0"))]
        self._port, theirs = socket.socketpair()
        port = theirs.fileno()
        words = [f"mem={memory}M", "ncpus=1", "seccomp=on", f"uml_dir={directory}/"]
        words += [f"initrd={initrd}", "root=/dev/vg0/root", "rw"]
        words += [f"ubd{index}={disk}" for index, disk in enumerate(given)]
        words += ["con=null", "con0=null,fd:1", "console=tty0", "ssl=null", f"ssl0=fd:{port}"]
        # Its programs are processes of this computer; they end with the first one.
        argv = ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0)))]
        argv += ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", program, *words]
        with self.console.open("wb") as console, theirs:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=console, stderr=console, pass_fds=[port]
            )

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        assert self._process.poll() is None, self.said()
        yield self._port

    def off(self) -> None:
        """Pull the cord."""
        super().off()
        self._port.close()
