"""What a file system does with small synchronous writes; runs on a machine, standard library only.

`python3 -c TEXT DIRECTORY` prints JSON: seconds of each fsync'ed append, of each
small file, and MiB/s of one large file with an fsync at its end.
"""

import json
import os
import sys
import time
from pathlib import Path

_APPENDS, _FILES, _MIB = 200, 200, 128


def main() -> None:
    place = Path(sys.argv[1]) / ".ashore-bench"
    place.mkdir(exist_ok=True)
    found = {"fsync": _appends(place), "file": _files(place), "rate": _sequential(place)}
    for left in place.iterdir():
        left.unlink()
    place.rmdir()
    sys.stdout.write(json.dumps(found))


def _appends(place: Path) -> list[float]:
    took: list[float] = []
    descriptor = os.open(place / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(_APPENDS):
        started = time.monotonic()
        os.write(descriptor, b"x" * 4096)
        os.fsync(descriptor)
        took.append(time.monotonic() - started)
    os.close(descriptor)
    return took


def _files(place: Path) -> list[float]:
    took: list[float] = []
    for number in range(_FILES):
        started = time.monotonic()
        (place / f"{number}").write_bytes(b"x" * 4096)
        took.append(time.monotonic() - started)
    return took


def _sequential(place: Path) -> float:
    block = os.urandom(1 << 20)
    started = time.monotonic()
    with (place / "large").open("wb") as file:
        for _ in range(_MIB):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return _MIB / (time.monotonic() - started)


main()
