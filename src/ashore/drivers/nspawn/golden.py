"""Data directories that begin with golden content."""

import shutil
from pathlib import Path

from ashore.host import files
from ashore.host.run import run

# containerd's databases, written in place: hard links would share the writes.
_REAL_COPIES = (
    "io.containerd.metadata.v1.bolt/meta.db",
    "io.containerd.snapshotter.v1.overlayfs/metadata.db",
)
# Names the one containerd that a store belongs to.
_LEFT_OUT = ("io.containerd.grpc.v1.introspection/uuid",)


async def fill(target: Path, content: Path | None) -> None:
    """Make a data directory, as a clone of its golden content if it has one."""
    if content is None:
        files.make_directory(target)
        return
    files.make_directory(target.parent)
    linked = content.stat().st_dev == target.parent.stat().st_dev
    how = "--link" if linked else "--reflink=auto"
    await run(["cp", "--archive", how, str(content), str(target)], timeout=600)
    for file in _REAL_COPIES:
        if (content / file).exists():
            (target / file).unlink()
            shutil.copy2(content / file, target / file)
    for file in _LEFT_OUT:
        (target / file).unlink(missing_ok=True)
