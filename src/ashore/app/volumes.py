"""Volumes for pods, as `status` tells them."""

from dataclasses import dataclass
from typing import Any

from ashore.app.session import Session
from ashore.components.installed import unavailable
from ashore.components.localpath.render import DEPLOYMENT
from ashore.components.volumes import probe
from ashore.components.volumes.probe import StorageClass, Volume
from ashore.errors import AshoreError
from ashore.recipe import access_of
from ashore.together import together


@dataclass(frozen=True, slots=True)
class Volumes:
    """What pods can ask for, and what they have.

    Attributes:
        local: what the provisioner of local volumes lacks; empty if nothing.
        by: the storage machine that makes shared volumes, or None.
    """

    classes: tuple[StorageClass, ...] = ()
    local: str = ""
    by: str | None = None
    shared: tuple[Volume, ...] = ()


async def volumes(session: Session) -> Volumes:
    """Ask the cluster and a storage machine; nothing where the API does not answer."""
    api, stack = access_of(session.context).api, session.stack
    try:
        classes, local, by, shared = await together(
            probe.classes(api),
            unavailable(api, DEPLOYMENT),
            probe.acting(api),
            probe.volumes(api, session.context.connect, stack),
        )
    except AshoreError:
        # That the API is away is told as a problem of the cluster.
        return Volumes()
    return Volumes(classes, local, by if stack.storage else None, tuple(shared))


def document(found: Volumes) -> dict[str, Any]:
    """Their part of `status -o json`; sizes in bytes."""
    return {
        "classes": [
            {"name": c.name, "default": c.default, "enforced": c.enforced} for c in found.classes
        ],
        "provisioner": found.by,
        "shared": [
            {"name": v.name, "claim": v.claim, "size": v.size, "used": v.used, "limited": v.limited}
            for v in found.shared
        ],
    }


def problems(session: Session, found: Volumes) -> list[str]:
    """What is wrong, a sentence each."""
    if not found.classes and not found.local:
        return []
    wrong = [found.local] if found.local else []
    if session.stack.storage and not found.by:
        wrong.append("no storage machine makes shared volumes")
    for volume in found.shared:
        if volume.limited is None:
            wrong.append(f"{volume.claim}: no storage machine can tell of its volume")
        elif not volume.limited:
            wrong.append(f"{volume.claim}: its size is not enforced")
    return wrong
