"""Taking machines away, by what VirtualBox has in its registry and what lies on the disk."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ashore.drivers.shared.disks import Golden
from ashore.drivers.virtualbox import machine
from ashore.drivers.virtualbox.vboxmanage import Medium, VBoxManage
from ashore.host import files
from ashore.host.run import CommandFailed


async def remove(vbox: VBoxManage, uuid: str | None, directory: Path) -> None:
    """Delete a machine that is off, with its disks; the golden disk is none of them.

    `unregistervm --delete` would follow the chain of a linked clone down to the
    golden disk. So the VM lets go of its media first, and those that lie in the
    machine's own directory are deleted one by one, clones before their base.

    Args:
        uuid: None if VirtualBox does not know the machine.
    """
    own = within(await vbox.media(), directory)
    bases = {each.parent for each in own if each.parent} - {each.uuid for each in own}
    if uuid is not None:
        await vbox(["unregistervm", uuid])
    for disk in leaves_first(within(await vbox.media(), directory)):
        await close(vbox, "disk", disk, delete=Path(disk.location).exists())
    for dvd in within(await vbox.media("dvds"), directory):
        await close(vbox, "dvd", dvd, delete=False)
    await files.remove([directory])
    await _forget(vbox, bases)


async def release(vbox: VBoxManage, golden: Golden) -> None:
    """Let VirtualBox forget golden disks that no clone is left of; their files stay."""
    media = await vbox.media()
    own = [each for each in media if each.location == str(golden.disk)]
    own += within(media, golden.disks)
    await _forget(vbox, {each.uuid for each in own})


async def _forget(vbox: VBoxManage, bases: Collection[str]) -> None:
    """Take disks that no clone is left of out of the registry, by their identifiers."""
    media = await vbox.media()
    cloned = {each.parent for each in media}
    for disk in media:
        if disk.uuid in bases and disk.uuid not in cloned:
            await close(vbox, "disk", disk, delete=False)


async def close(vbox: VBoxManage, kind: str, medium: Medium, *, delete: bool) -> None:
    """Take a medium out of the registry; no error if it has gone from there meanwhile.

    What a machine that was unregistered leaves in it may last only as long as VirtualBox's
    server, and that ends some seconds after it was last asked.

    Args:
        kind: disk or dvd. delete: its file, too.
    """
    try:
        await vbox(machine.close(kind, medium.uuid, delete=delete))
    except CommandFailed:
        known = await vbox.media("dvds" if kind == "dvd" else "hdds")
        if medium.uuid in {each.uuid for each in known}:
            raise


def within(media: Iterable[Medium], directory: Path) -> list[Medium]:
    """Those whose file is in the directory or below."""
    place = directory.resolve()
    return [each for each in media if Path(each.location).resolve().is_relative_to(place)]


def leaves_first(media: Sequence[Medium]) -> list[Medium]:
    """An order in which each disk comes before the one that it is a clone of."""
    left, ordered = list(media), list[Medium]()
    while left:
        parents = {each.parent for each in left}
        leaves = [each for each in left if each.uuid not in parents]
        ordered += leaves
        left = [each for each in left if each.uuid in parents]
    return ordered
