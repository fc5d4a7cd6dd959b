"""Whether the processor runs virtual machines itself, found out by letting it."""

import tempfile
from pathlib import Path

from ashore.drivers.qemu import command
from ashore.host.files import write
from ashore.host.run import run

_DEVICE = Path("/dev/kvm")
KNOWN = Path("/run/ashore/kvm")
"""What was found out; goes with a reboot of this computer."""

_SECONDS = 20
"""Until the firmware has said something; with KVM one or two."""

# $1 what the serial port prints, $2 what QEMU says; then QEMU.
_TRY = """\
serial=$1 said=$2
shift 2
"$@" -serial "file:$serial" 2>"$said" &
for _ in $(seq $((10 * seconds))); do
    if [ -s "$serial" ] || grep -q rror "$said" || ! kill -0 $! 2>/dev/null; then break; fi
    sleep 0.1
done
kill -KILL $! 2>/dev/null
wait
[ -s "$serial" ]
"""


async def missing() -> str:
    """Why there is no KVM; empty if there is.

    That the device opens and makes a machine does not tell: where this computer is a
    virtual machine itself, some make one that fails at an instruction of the firmware.
    So the firmware is run, once for each boot of this computer.
    """
    if not _DEVICE.exists():
        return f"there is no {_DEVICE}"
    if KNOWN.exists():
        return KNOWN.read_text()
    found = await _tried()
    write(KNOWN, found)
    return found


def known_missing() -> bool:
    """Whether `missing` has found out that there is no KVM; no machine starts before it has."""
    return not _DEVICE.exists() or (KNOWN.exists() and KNOWN.read_text() != "")


async def _tried() -> str:
    files = command.firmware()
    if files is None:
        return "there is no EFI firmware to try it with"
    code, variables = files
    argv = [command.PROGRAM, "-nodefaults", "-no-user-config", "-display", "none"]
    argv += ["-machine", "q35,accel=kvm", "-cpu", "host", "-m", "256M"]
    argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"]
    argv += ["-drive", f"if=pflash,unit=1,format=raw,snapshot=on,file={variables}"]
    with tempfile.TemporaryDirectory(prefix="ashore-kvm-") as place:
        serial, said = Path(place) / "serial", Path(place) / "said"
        script = ["sh", "-c", f"seconds={_SECONDS}\n{_TRY}", "sh", str(serial), str(said)]
        done = await run([*script, *argv], check=False, timeout=_SECONDS + 30)
        if done.returncode == 0:
            return ""
        lines = said.read_text(errors="replace").splitlines() if said.exists() else []
    errors = [line for line in lines if "rror" in line]
    return (errors or lines or [f"the firmware said nothing within {_SECONDS} s"])[0]
