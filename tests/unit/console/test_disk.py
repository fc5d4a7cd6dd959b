from ashore.console.disk import table
from ashore.console.grid import View
from ashore.console.words import Marks
from tests.unit.console.story import Stream

VIEW = View(100, False, Marks(Stream()))
BUILT = {
    "os": "debian/trixie",
    "architecture": "amd64",
    "size": 20 * 1024**3,
    "free": 6908 * 1024**2,
    "volumes": [
        {"name": "root", "mount": "/", "size": 1024**3},
        {"name": "usr", "mount": "/usr", "size": 4 * 1024**3},
    ],
    "files": [{"format": "qcow2", "path": "/out/a.qcow2", "bytes": 202113024}],
    "seconds": {"tree": 45.2, "disk": 6.3},
}


def test_files_division_and_time() -> None:
    assert table(BUILT, VIEW).splitlines() == [
        "qcow2  193 MiB  /out/a.qcow2",
        "debian/trixie amd64, 20 GiB: / 1, /usr 4, free 6.7",
        "tree 45 s, disk 6 s",
    ]


def test_a_second_build_says_that_it_did_nothing() -> None:
    assert table({**BUILT, "seconds": {}}, VIEW).endswith("\neverything was in the cache\n")
