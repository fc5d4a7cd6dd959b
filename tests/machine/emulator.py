"""What runs the host of `make test-host`: KVM, or a QEMU with a thread for each processor.

Version 7.2 of Debian 12 cannot emulate so: a guest's kernel panicked at code that another
processor was patching. By one thread a host with two load balancers is too slow for
Pacemaker, which gives fence_redfish 10 s to say what it can do: where nothing else runs, one
at a time takes 4 to 5 s by one thread, and two at once 2.5 to 5 s each by two.
"""

import re
import subprocess
from pathlib import Path

from ashore.drivers.qemu import kvm
from ashore.drivers.qemu.command import PROGRAM
from ashore.events import ignore
from ashore.image import rootfs
from ashore.supply.cache import digest, making

FIRST = (10, 0)  # the oldest that was seen to do
SLOWER = 20  # with 10, HAProxy's 400 s ended beside the control plane's start
_SUITE, _PACKAGES = "trixie", ("qemu-system-x86",)
# With the instructions for TLS: AES-GCM does 77 MB/s, and 10 without them.
_PROCESSOR = "qemu64,+aes,+pclmulqdq,+ssse3,+sse4.1,+sse4.2,+popcnt,+bmi1,+bmi2,+adx,+rdrand"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"


async def computer(cache: Path) -> tuple[tuple[str, ...], int]:
    """The words that start one with two processors, and how many times slower it is.

    With KVM where it works. Else by software; where this computer's QEMU is older than
    `FIRST`, by Debian 13's from the cache: half a minute of mmdebstrap if it is not there.
    """
    if not await kvm.missing():
        return (PROGRAM, "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-smp", "2"), 1
    program = (PROGRAM,) if _version(PROGRAM) >= FIRST else await _unpacked(cache)
    machine = ("-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", _PROCESSOR, "-smp", "2")
    return (*program, *machine), SLOWER


async def _unpacked(cache: Path) -> tuple[str, ...]:
    place = cache / "emulator" / digest({"suite": _SUITE, "packages": _PACKAGES})
    if not place.is_dir():
        async with making(place, "emulator", ignore) as scratch:
            if scratch is not None:
                sources = rootfs.host_mirrors(_SUITE)
                await rootfs.bootstrap(scratch, _SUITE, _PACKAGES, {}, sources)
    libraries = place / _LIBRARIES
    # With its own linker and libraries, so that files are seen where this computer has them.
    linker = (str(place / "lib64/ld-linux-x86-64.so.2"), "--library-path", str(libraries))
    words = ("env", f"QEMU_MODULE_DIR={libraries / 'qemu'}", *linker, "--argv0", PROGRAM)
    return (*words, str(place / "usr/bin" / PROGRAM), "-L", str(place / "usr/share/qemu"))


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"version (\d+)\.(\d+)", said)
    assert found, said
    return tuple(int(number) for number in found.groups())
