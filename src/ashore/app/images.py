"""`image push` and `image gc`: what the stack's registry holds."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ashore import recipe
from ashore.app.select import Chosen
from ashore.app.session import Session, open_session
from ashore.components.registry import probe
from ashore.drivers.base import PowerState
from ashore.errors import AshoreError, ExitCode
from ashore.host.run import CommandFailed, require_root
from ashore.model.types import Role
from ashore.supply import archive
from ashore.supply.archive import Archive, Image
from ashore.supply.machine import architecture
from ashore.supply.reference import Reference, parse
from ashore.surely import surely
from ashore.transport.registryapi import RegistryApi

Advance = Callable[[str, int, int], None]
"""Told what is done, the bytes of it that are done, and all of them."""

_PUSH = 3600.0
_MIB = 2**20


async def push(chosen: Chosen, source: str, name: str | None, advance: Advance) -> dict[str, Any]:
    """Push an archive of this computer, or an image of a worker's Docker, to the registry.

    Args:
        source: a file, or an image's name.
        name: under which it is pushed, instead of its own.

    Returns:
        The document of `image push -o json`.

    Raises:
        AshoreError: a file that cannot be used (exit code 2), no such image,
            no room, or the registry refused.
    """
    require_root("image push")
    session = open_session(chosen)
    started = time.monotonic()
    if Path(source).is_file():
        pushed = await _push_file(session, Path(source), name, advance)
    elif source.startswith(("/", "./", "../")) or source.endswith((".tar", ".gz")):
        raise AshoreError(f"{source}: no such file", "", ExitCode.USAGE)
    else:
        pushed = await _push_named(session, source, name, advance)
    return {"images": pushed, "seconds": round(time.monotonic() - started, 3)}


async def collect(chosen: Chosen) -> dict[str, Any]:
    """Delete what no tag leads to; the document of `image gc -o json`, in bytes."""
    require_root("image gc")
    session = open_session(chosen)
    gateway, connect = _gateway(session), session.context.connect
    freed = await probe.collect(connect, gateway)
    return {"freed": freed, "used": await probe.used(connect, gateway)}


def _gateway(session: Session) -> str:
    return session.stack.of_role(Role.GATEWAY)[0].name


async def _push_file(
    session: Session, path: Path, name: str | None, advance: Advance
) -> list[dict[str, Any]]:
    found = archive.read(path, architecture())
    targets = _targets(session, found, name)
    gateway = _gateway(session)
    if (await session.driver.states()).get(gateway) is not PowerState.ON:
        raise AshoreError(f"{gateway}, which has the registry, is not on", "`ashore up` starts it")
    place, client = recipe.registry_access(session.context)
    pushed: list[dict[str, Any]] = []
    async with RegistryApi(place, client) as api:
        try:
            for target, image in targets:
                sent = await _push_image(session, api, found, image, target, advance)
                pushed.append({"name": str(target), "digest": image.digest, "sent": sent})
        finally:
            if api.unfinished:
                await surely(probe.discard(session.context.connect, gateway, api.unfinished))
    return pushed


def _targets(session: Session, found: Archive, name: str | None) -> list[tuple[Reference, Image]]:
    """Where each image of an archive goes. Raises AshoreError if that is not clear."""
    host = session.stack.registry_name
    first, *more = found.images
    if name is not None and more:
        raise AshoreError(f"{found.path} holds several images", "leave --as out", ExitCode.USAGE)
    if name is not None:
        return [(parse(name).on(host), first)]
    targets = [(parse(n).on(host), image) for image in found.images for n in image.names]
    if not targets:
        raise AshoreError(
            f"{found.path} does not say how its image is called", "--as NAME:TAG", ExitCode.USAGE
        )
    return targets


async def _push_image(
    session: Session,
    api: RegistryApi,
    found: Archive,
    image: Image,
    target: Reference,
    advance: Advance,
) -> int:
    """The bytes that were sent; the name comes last, so that nobody pulls half an image."""
    repository = target.repository
    missing = [b for b in image.blobs if not await api.has(repository, b.digest)]
    total = sum(blob.size for blob in missing)
    room = await probe.free(session.context.connect, _gateway(session))
    if total > room:
        raise AshoreError(
            f"the registry's disk has {room / _MIB:.0f} MiB free, {total / _MIB:.0f} are needed",
            "`ashore image gc` deletes what no tag leads to",
        )
    done = 0

    def sent(count: int) -> None:
        nonlocal done
        done += count
        advance(f"push {target}", done, total)

    advance(f"push {target}", 0, total)
    for blob in missing:
        await api.upload(repository, blob.digest, blob.size, found.read(blob), sent)
    await api.put_manifest(repository, target.tag, image.media_type, image.manifest)
    return total


async def _push_named(
    session: Session, source: str, name: str | None, advance: Advance
) -> list[dict[str, Any]]:
    """By the Docker that has the image."""
    target = parse(name or source).on(session.stack.registry_name)
    parse(source)
    worker, size = await _holder(session, source)
    transport = session.context.connect(worker)
    what = f"push {target} from {worker}"
    advance(what, 0, size)
    await transport.run(["docker", "tag", source, str(target)])
    done = await transport.run(["docker", "push", str(target)], timeout=_PUSH)
    advance(what, size, size)
    # The last line: `1: digest: sha256:... size: 527`.
    digest = done.text.rpartition("digest: ")[2].split()[0]
    return [{"name": str(target), "digest": digest, "sent": size}]


async def _holder(session: Session, source: str) -> tuple[str, int]:
    """The first worker whose Docker has an image, and the image's size in bytes."""
    workers = session.stack.of_role(Role.WORKER) if session.stack.docker else ()
    show = ["docker", "image", "inspect", "--format", "{{.Size}}", source]
    for worker in workers:
        try:
            done = await session.context.connect(worker.name).run(show, timeout=20, check=False)
        except CommandFailed:
            continue
        if done.returncode == 0:
            return worker.name, int(done.text)
    raise AshoreError(
        f"no worker's Docker has {source}, and it is no file here",
        "`ashore docker -- images` lists what Docker has",
        ExitCode.USAGE,
    )
