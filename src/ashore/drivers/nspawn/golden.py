"""Data directories that begin with golden content."""

from pathlib import Path

from ashore.host import files
from ashore.host.run import run

# Databases that a program writes in place: hard links would share the writes.
_REAL_COPIES = (
    "io.containerd.metadata.v1.bolt/meta.db",
    "io.containerd.snapshotter.v1.overlayfs/metadata.db",
)
_LEFT_OUT = ("io.containerd.grpc.v1.introspection/uuid",)


async def fill(target: Path, content: Path | None) -> None:
    """Make a data directory, as a clone of its golden content if it has one."""
    if content is None:
        files.make_directory(target)
        return
    files.make_directory(target.parent)
    await run(["cp", "-al", str(content), str(target)])
    for file in _REAL_COPIES:
        (target / file).unlink()
        await run(["cp", "-a", str(content / file), str(target / file)])
    for file in _LEFT_OUT:
        (target / file).unlink(missing_ok=True)
