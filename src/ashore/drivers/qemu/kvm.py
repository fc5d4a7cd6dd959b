"""Whether the processor runs virtual machines itself, found out by letting it."""

from pathlib import Path

from ashore.drivers.qemu import command
from ashore.host.files import write
from ashore.host.run import run

_DEVICE = Path("/dev/kvm")
_KNOWN = Path("/run/ashore/kvm")
"""What was found out; goes with a reboot of this computer."""

_SECONDS = 2
_ENDED = 124  # timeout(1): the command ran until it was ended


async def missing() -> str:
    """Why there is no KVM; empty if there is.

    That the device opens and makes a machine does not tell: where this computer is a
    virtual machine itself, some make one that fails at an instruction of the firmware.
    So the firmware is run, once for each boot of this computer.
    """
    if not _DEVICE.exists():
        return f"there is no {_DEVICE}"
    if _KNOWN.exists():
        return _KNOWN.read_text()
    found = await _tried()
    write(_KNOWN, found)
    return found


async def _tried() -> str:
    files = command.firmware()
    if files is None:
        return "there is no EFI firmware to try it with"
    code, variables = files
    argv = [command.PROGRAM, "-nodefaults", "-no-user-config", "-display", "none"]
    argv += ["-machine", "q35,accel=kvm", "-cpu", "host", "-m", "256M"]
    argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"]
    argv += ["-drive", f"if=pflash,unit=1,format=raw,snapshot=on,file={variables}"]
    done = await run(["timeout", str(_SECONDS), *argv], check=False, timeout=30)
    said = [line for line in done.stderr.decode(errors="replace").splitlines() if "rror" in line]
    if said:
        return said[0]
    return "" if done.returncode == _ENDED else f"QEMU with KVM ended with {done.returncode}"
