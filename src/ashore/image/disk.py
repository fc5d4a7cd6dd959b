"""The golden disk as a raw file: partitions, EFI program, volumes. No guest, no device-mapper.

Every tool writes into the file itself at an offset; lvm2 alone insists on a block
device and gets a loop device for the fraction of a second that it needs. ext4 is
laid out by the mke2fs of the golden root file system: that of Debian 12 and Ubuntu
24.04 hosts neither sorts directories nor clamps times.
"""

from dataclasses import asdict
from pathlib import Path

from ashore.errors import AshoreError
from ashore.events import Emit, Output
from ashore.host.run import CommandFailed, run
from ashore.image import lvm, rootfs, tree
from ashore.image.identity import Identity, epoch
from ashore.image.layout import GROUP, Layout, Volume
from ashore.supply.cache import digest, making
from ashore.supply.machine import architecture

RAW = "disk.raw"

_REVISION = 1
_STEP = "image/disk"
_BLOCK = 4096
_SECONDS = 300.0  # a busy computer took 33 for all of them
# What the firmware starts from a disk that it knows nothing of.
_REMOVABLE = {"amd64": "BOOTX64.EFI", "arm64": "BOOTAA64.EFI"}
# Below usr/lib: the loader of dynamic programs, beside their libraries.
_LOADER = {
    "amd64": "x86_64-linux-gnu/ld-linux-x86-64.so.2",
    "arm64": "aarch64-linux-gnu/ld-linux-aarch64.so.1",
}


def host_packages() -> tuple[str, ...]:
    """Distribution packages of the host that a disk needs beyond those of the root."""
    return ("dosfstools", "e2fsprogs", "fdisk", "lvm2", "mtools")


def identity(content: Path, plan: Layout) -> Identity:
    """What the disk's identifiers and its place in the cache follow from. No I/O."""
    return Identity(
        digest({"revision": _REVISION, "tree": content.name, "layout": asdict(plan)}),
    )


def planned(content: Path, plan: Layout, cache: Path) -> Path:
    """The raw disk as it is or will be in the cache. No I/O."""
    return cache / "disk" / identity(content, plan).digest / RAW


async def obtain(content: Path, plan: Layout, cache: Path, emit: Emit) -> Path:
    """The raw disk from the cache, made and checked if it is not there.

    Raises:
        AshoreError: a volume is too small for what goes onto it, or a tool failed.
    """
    raw = planned(content, plan, cache)
    if raw.is_file():
        return raw
    tools = await rootfs.obtain(cache, emit)
    async with making(raw.parent, _STEP, emit) as scratch:
        if scratch is not None:
            emit(Output(_STEP, "laying out the disk"))
            await write(scratch / RAW, content, plan, identity(content, plan), tools)
            await check(scratch / RAW, plan)
    return raw


async def write(raw: Path, content: Path, plan: Layout, ids: Identity, tools: Path) -> None:
    """Write the whole disk; the file must not exist.

    Args:
        tools: a root file system with mke2fs 1.47.2 or newer.
    """
    with raw.open("xb") as file:
        file.truncate(plan.size)
    table = partitions(plan, ids)
    await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", str(raw)], stdin=table)
    await _esp(raw, content / tree.UKI, plan, ids)
    await lvm.make(raw, plan, ids, epoch())
    for volume in plan.volumes:
        await _volume(raw, content / volume.name, volume, plan, ids, tools)


def partitions(plan: Layout, ids: Identity) -> bytes:
    """The table for sfdisk(8)."""
    lines = [
        "label: gpt",
        f"label-id: {ids.uuid('table')}",
        "unit: sectors",
        f"start={plan.esp_start // 512}, size={plan.esp_size // 512}, "
        f"type=U, uuid={ids.uuid('esp')}, name=esp",
        f"start={plan.lvm_start // 512}, size={plan.lvm_size // 512}, "
        f"type=V, uuid={ids.uuid('lvm')}, name={GROUP}",
    ]
    return ("\n".join(lines) + "\n").encode()


async def _esp(raw: Path, uki: Path, plan: Layout, ids: Identity) -> None:
    time = {"SOURCE_DATE_EPOCH": str(epoch()), "TZ": "UTC"}
    argv = ["mkfs.vfat", "--invariant", "-F", "32", "-s", "2", "-n", "ESP"]
    argv += ["-i", ids.serial("esp"), f"--offset={plan.esp_start // 512}", str(raw)]
    await run([*argv, str(plan.esp_size // 1024)], env=time)
    disk = f"{raw}@@{plan.esp_start}"
    name = _REMOVABLE[architecture()]
    await run(["mmd", "-i", disk, "::/EFI", "::/EFI/BOOT"], env=time)
    await run(["mcopy", "-i", disk, str(uki), f"::/EFI/BOOT/{name}"], env=time)


async def _volume(
    raw: Path, content: Path, volume: Volume, plan: Layout, ids: Identity, tools: Path
) -> None:
    options = [f"offset={plan.offset(volume)}", "nodiscard", "assume_storage_prezeroed=1"]
    options += [f"hash_seed={ids.uuid(f'{volume.name}/hash')}", "root_owner=0:0"]
    options.append(f"root_perms={content.stat().st_mode & 0o7777:o}")
    argv = [*_mke2fs(tools), "-q", "-F", "-t", "ext4", "-b", str(_BLOCK), "-L", volume.name]
    argv += ["-U", str(ids.uuid(volume.name)), "-E", ",".join(options), "-d", str(content)]
    settings = {
        "SOURCE_DATE_EPOCH": str(epoch()),
        "MKE2FS_CONFIG": str(tools / "etc/mke2fs.conf"),
    }
    blocks = str(volume.size // _BLOCK)
    try:
        await run([*argv, str(raw), blocks], env=settings, timeout=_SECONDS)
    except CommandFailed as error:
        raise AshoreError(
            f"the volume {volume.name} ({volume.size // 1024**2} MiB) could not be filled:\n"
            f"{error.message}",
            f"give it more in the stack file: disk.volumes.{volume.name}",
        ) from error


def _mke2fs(tools: Path) -> list[str]:
    """The program of that root file system, run without entering it."""
    loader = tools / "usr/lib" / _LOADER[architecture()]
    return [str(loader), "--library-path", str(loader.parent), str(tools / "usr/sbin/mke2fs")]


async def check(raw: Path, plan: Layout) -> None:
    """Let fsck and lvm2 look at a finished disk; nothing is mended.

    Raises:
        AshoreError: one of them finds fault with it.
    """
    await lvm.check(raw, plan)
    await _fat(raw, plan)
    for volume in plan.volumes:
        device = f"{raw}?offset={plan.offset(volume)}"
        await run(["e2fsck", "-f", "-n", device], timeout=_SECONDS)


async def _fat(raw: Path, plan: Layout) -> None:
    """fsck.vfat knows no offset: it gets a copy of the partition."""
    part = raw.with_name("esp.part")
    try:
        count = plan.esp_size // 1024**2
        where = [f"skip={plan.esp_start // 1024**2}", f"count={count}", "conv=sparse"]
        await run(["dd", f"if={raw}", f"of={part}", "bs=1M", *where], timeout=120)
        await run(["fsck.vfat", "-n", str(part)])
    finally:
        part.unlink(missing_ok=True)


async def copy(source: Path, target: Path) -> None:
    """Copy a disk file; holes stay holes. The target appears when it is whole."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        await run(
            ["cp", "--sparse=always", "--reflink=auto", str(source), str(partial)], timeout=600
        )
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
