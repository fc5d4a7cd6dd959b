"""The result of `image build` as text."""

from collections.abc import Mapping
from typing import Any

from ashore.console.grid import View, columns, stdout
from ashore.console.lines import Piece

_GIB = 1024**3
_MIB = 1024**2


def table(found: Mapping[str, Any], view: View | None = None) -> str:
    """The files, how the disk is divided, and how long what was made took."""
    view = view or stdout()
    files: list[list[Piece]] = [
        [(each["format"], "bold"), (f"{each['bytes'] / _MIB:.0f} MiB", ""), (each["path"], "")]
        for each in found["files"]
    ]
    volumes = ", ".join(f"{v['mount']} {v['size'] / _GIB:g}" for v in found["volumes"])
    took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in found["seconds"].items())
    lines = [
        *columns(files, view),
        f"{found['os']} {found['architecture']}, {found['size'] / _GIB:g} GiB: "
        f"{volumes}, free {found['free'] / _GIB:.1f}",
        took or "everything was in the cache",
    ]
    return "\n".join(lines) + "\n"
