from collections.abc import Iterator
from pathlib import Path

import pytest

from ashore.drivers.nspawn.driver import NspawnDriver
from ashore.drivers.qemu.driver import QemuDriver
from ashore.state.paths import state_root
from tests.contract.machines import NAME, drivers


@pytest.fixture(scope="module", params=["nspawn"])
def driver(request: pytest.FixtureRequest) -> Iterator[NspawnDriver | QemuDriver]:
    yield from drivers(request.param)


@pytest.fixture
def state() -> Path:
    return state_root() / NAME
