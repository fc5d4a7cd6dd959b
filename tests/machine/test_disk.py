"""The golden disk: built by the verb, looked at by lvm2 and fsck, the same at each build.

`make test-boot` boots it as well; under software emulation that takes minutes.
"""

import asyncio
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ashore.events import ignore
from ashore.host.loops import attached
from ashore.image import disk, rootfs, tree
from ashore.image.identity import Identity
from ashore.image.layout import Layout, layout
from ashore.model.types import Disk
from ashore.state.paths import cache_root

BUILD_SECONDS = 1800
ASHORE = Path(sys.executable).parent / "ashore"
MIB = 1024**2
SMALL = layout(
    Disk(
        "debian/trixie",
        1024 * MIB,
        (("root", 64 * MIB), ("usr", 128 * MIB), ("var", 64 * MIB), ("tmp", 32 * MIB)),
    )
)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory on a real disk: the files are larger than a temporary file system."""
    directory = Path(tempfile.mkdtemp(prefix="disk-", dir="/var/tmp"))
    yield directory
    assert str(directory) not in loops()
    shutil.rmtree(directory)


def loops() -> str:
    return subprocess.run(["losetup", "--list"], capture_output=True, text=True, check=True).stdout


def build(*arguments: str) -> Any:
    done = subprocess.run(
        [ASHORE, "image", "build", "--yes", "-o", "json", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def small_tree(directory: Path, names: list[str]) -> Path:
    """A tree of a few files; their order on the host follows that of `names`."""
    content = directory / "tree"
    for volume in SMALL.volumes:
        (content / volume.name).mkdir(parents=True)
    for name in names:
        file = content / "usr" / name
        file.write_text(name)
        os.utime(file, (1700000000, 1700000000))
    (content / tree.UKI).write_bytes(b"MZ" * 5000)
    return content


async def written(directory: Path, names: list[str], plan: Layout = SMALL) -> Path:
    raw = directory / "disk.raw"
    tools = await rootfs.obtain(cache_root(), ignore)
    content = small_tree(directory, names)
    await disk.write(raw, content, plan, Identity("0123456789abcdef"), tools)
    return raw


def checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


async def test_two_builds_are_the_same_byte_for_byte(place: Path) -> None:
    names = [f"file{number}" for number in range(300)]
    sums: list[str] = []
    for run, order in enumerate([names, names[::-1]]):
        directory = place / str(run)
        directory.mkdir()
        raw = await written(directory, order)
        await disk.check(raw, SMALL)
        sums.append(checksum(raw))
        await asyncio.sleep(1.1)  # seconds of the clock must not matter
    assert sums[0] == sums[1]


async def test_an_interrupted_build_leaves_no_loop_device(place: Path) -> None:
    for moment in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35):
        directory = place / str(moment)
        directory.mkdir()
        task = asyncio.create_task(written(directory, ["file"]))
        await asyncio.sleep(moment)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert str(directory) not in loops()


def test_a_loop_device_shows_a_part_of_a_file(place: Path) -> None:
    file = place / "file"
    file.write_bytes(b"a" * 4096 + b"b" * 4096 + b"c" * 4096)
    with attached(file, 4096, 4096) as device:
        assert Path(device).read_bytes() == b"b" * 4096
        with Path(device).open("r+b") as part:
            part.write(b"x" * 512)
    assert file.read_bytes() == b"a" * 4096 + b"x" * 512 + b"b" * 3584 + b"c" * 4096
    with attached(file, 0, 4096, read_only=True) as device:
        assert (Path("/sys/block") / Path(device).name / "ro").read_text() == "1\n"


def test_a_killed_process_leaves_no_loop_device(place: Path) -> None:
    file = place / "file"
    file.write_bytes(bytes(4096))
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from ashore.host.loops import attached\n"
        "with attached(Path(sys.argv[1]), 0, 4096) as device:\n"
        "    print(device, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    argv = [sys.executable, "-c", script, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.startswith("/dev/loop")
    assert str(file) not in loops()


def test_every_format_holds_the_same_disk(place: Path) -> None:
    flags = [flag for name in ("raw", "qcow2", "vdi", "vmdk", "ova") for flag in ("--format", name)]
    found = build(*flags, "--to", str(place))
    files = {each["format"]: Path(each["path"]) for each in found["files"]}
    assert files.keys() == {"raw", "qcow2", "vdi", "vmdk", "ova"}
    raw = files["raw"]
    volumes = tuple((volume["name"], volume["size"]) for volume in found["volumes"])
    asyncio.run(disk.check(raw, layout(Disk("", found["size"], volumes))))
    for name in ("qcow2", "vdi", "vmdk"):
        compare = ["qemu-img", "compare", "-q", "-f", "raw", "-F", name, raw, files[name]]
        subprocess.run(compare, check=True)
    with tarfile.open(files["ova"]) as archive:
        _description, manifest, vmdk = (archive.extractfile(m) for m in archive.getmembers())
        assert manifest is not None
        assert vmdk is not None
        sums = re.findall(r"SHA256\((\S+)\)= (\S+)", manifest.read().decode())
        assert sums[-1][1] == checksum(files["vmdk"])
        assert hashlib.sha256(vmdk.read()).hexdigest() == sums[-1][1]
    assert files["qcow2"].stat().st_size < 250 * MIB
    assert build(*flags)["seconds"] == {}
