from typing import Any

from ashore.console.grid import View
from ashore.console.lvm import table
from ashore.console.words import Marks

from .story import Stream, check

GIB = 1024**3


def volume(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "size": GIB,
        "filesystem": GIB,
        "mount": f"/{name}",
        "used": GIB // 4,
        "origin": "",
        "full": 0.0,
        "merging": False,
        "invalid": False,
        **changes,
    }


def test_volumes_snapshots_and_what_is_free() -> None:
    kept = {"mount": "", "used": 0, "filesystem": 0, "origin": "opt"}
    machine = {
        "name": "w1",
        "group": {"name": "vg0", "size": 20 * GIB, "free": 13 * GIB // 2},
        "volumes": [
            volume("var", size=6 * GIB),
            volume("opt"),
            volume("before-update", full=12.5, **kept),
            volume("old", full=100.0, invalid=True, **kept),
            volume("wanted", merging=True, **kept),
        ],
    }
    check("lvm-volumes", table({"machines": [machine]}, View(100, False, Marks(Stream()))))
