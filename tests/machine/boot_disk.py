"""The golden disk booted in QEMU: firmware, a NoCloud seed, and what its console says.

`make test-boot` runs it. Software emulation takes a minute on an idle computer and
many on a busy one, so `make test` does not collect it: its name keeps it out.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

FIRMWARE = Path("/usr/share/OVMF")
# A thread for both processors: with one each, QEMU 7.2 lets a processor run code
# half as another has just patched it, and the kernel panics (seen in dequeue_entities).
QEMU = ("qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=single")
QEMU += ("-cpu", "qemu64", "-smp", "2")
BEGIN, END = "ASHORE-BEGIN", "ASHORE-END"
VOLUMES = ("usr", "var", "tmp", "opt")
BUILD_SECONDS, BOOT_SECONDS = 1800, 1500
SCRIPT = """\
hostname
findmnt -rn -o TARGET,SOURCE -t ext4
vgck vg0 && echo group-sound
pvck /dev/disk/by-partlabel/vg0 && echo volume-sound
lvextend -q -r -L +64M vg0/opt && echo grown
systemctl --failed --no-legend --plain
"""


def seed(directory: Path, script: str) -> Path:
    """A NoCloud seed whose user data is a script."""
    image = directory / "seed.img"
    with image.open("wb") as file:
        file.truncate(4 * 1024**2)
    (directory / "meta-data").write_text("instance-id: boot\nlocal-hostname: golden\n")
    (directory / "user-data").write_text(f"#!/bin/sh\n{script}\n")
    subprocess.run(["mkfs.vfat", "-n", "CIDATA", image], check=True, capture_output=True)
    files = [directory / "meta-data", directory / "user-data"]
    subprocess.run(["mcopy", "-i", image, *files, "::"], check=True)
    return image


def heard(script: str) -> str:
    """The script, made to say everything on a port of its own and to switch the machine off.

    On the console the kernel and systemd write into the middle of a line.
    """
    lines = ["exec >/dev/ttyS1 2>&1", f"echo {BEGIN}", script, f"echo {END}"]
    return "\n".join([*lines, "systemctl poweroff"])


def boot(directory: Path, disk: Path, script: str, seconds: float) -> list[str]:
    """Boot an overlay of a raw disk, run a script in it, and return what the script said.

    Software emulation, two processors: what every computer can do.
    """
    overlay, console = directory / "overlay.qcow2", directory / "console.log"
    port = directory / "port.log"
    variables = directory / "variables.fd"
    variables.write_bytes((FIRMWARE / "OVMF_VARS_4M.fd").read_bytes())
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-b", disk, "-F", "raw", overlay], check=True
    )
    argv = [*QEMU]
    argv += ["-m", "1024", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    code = FIRMWARE / "OVMF_CODE_4M.fd"
    argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"]
    argv += ["-drive", f"if=pflash,unit=1,format=raw,file={variables}"]
    argv += ["-drive", f"if=none,id=disk,format=qcow2,file={overlay}"]
    argv += ["-device", "virtio-blk-pci,drive=disk,bootindex=0"]
    argv += ["-drive", f"if=none,id=seed,format=raw,file={seed(directory, heard(script))}"]
    argv += ["-device", "virtio-blk-pci,drive=seed", "-device", "virtio-rng-pci"]
    argv += ["-serial", f"file:{console}", "-serial", f"file:{port}"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False)
    said = port.read_text(errors="replace").replace("\r", "")
    seen = f"{done.stderr}\n{console.read_text(errors='replace')[-3000:]}\n{said}"
    assert done.returncode == 0, seen
    assert BEGIN in said, seen
    assert END in said, seen
    return said.split(BEGIN)[1].split(END)[0].split("\n")


@pytest.mark.parametrize("release", ["debian/trixie", "debian/bookworm"])
def test_it_boots_to_the_end_of_cloud_init(release: str) -> None:
    ashore = Path(sys.executable).parent / "ashore"
    argv = [ashore, "image", "build", "--os", release, "--yes", "-o", "json", "--format", "raw"]
    with tempfile.TemporaryDirectory(prefix="boot-", dir="/var/tmp") as directory:
        # The default file's disk, whatever stacks this computer has.
        environment = {**os.environ, "ASHORE_STATE": f"{directory}/state"}
        built = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=True,
            cwd=directory,
            env=environment,
        )
        raw = Path(json.loads(built.stdout)["files"][0]["path"])
        said = boot(Path(directory), raw, SCRIPT, BOOT_SECONDS)
    assert "golden" in said
    # The initial file system names / and /usr by the link, systemd the others by the mapper.
    mounted = {line.replace("/dev/mapper/vg0-", "/dev/vg0/") for line in said if "vg0" in line}
    assert {"/ /dev/vg0/root", *(f"/{v} /dev/vg0/{v}" for v in VOLUMES)} <= mounted
    assert {"group-sound", "volume-sound", "grown"} <= set(said)
    assert not [line for line in said if line.endswith(" failed") or " failed failed " in line]
