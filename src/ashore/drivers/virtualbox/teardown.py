"""Taking machines away, by what VirtualBox has in its registry and what lies on the disk."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ashore.drivers.shared.disks import Golden
from ashore.drivers.virtualbox import machine
from ashore.drivers.virtualbox.vboxmanage import Medium, VBoxManage
from ashore.host import files


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
        await vbox(machine.close("disk", disk.uuid, delete=Path(disk.location).exists()))
    for dvd in within(await vbox.media("dvds"), directory):
        await vbox(machine.close("dvd", dvd.uuid, delete=False))
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
            await vbox(machine.close("disk", disk.uuid, delete=False))


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
