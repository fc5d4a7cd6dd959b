from pathlib import Path

import pytest

from ashore.drivers.nspawn.layout import Definition, Layout


@pytest.fixture
def definition() -> Definition:
    return Definition(
        machine="lb1",
        mac="02:00:00:00:00:0b",
        cpus=1.5,
        memory=1 << 30,
        realtime=True,
        layers=("/cache/programs", "/cache/rootfs"),
        data=("/var/lib/etcd", "/var/lib/with blank"),
    )


@pytest.fixture
def layout() -> Layout:
    return Layout(Path("/state/demo/machines/lb1"))
