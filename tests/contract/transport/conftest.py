import asyncio
from collections.abc import Iterator

import pytest

from ashore.transport.base import Transport
from tests.contract.machines import GATEWAY, blueprint, drivers


@pytest.fixture(scope="module", params=["nspawn"])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    for driver in drivers(request.param):
        asyncio.run(driver.fabric_apply())
        asyncio.run(driver.machine_apply(blueprint(GATEWAY)))
        yield driver.transport(GATEWAY.name)
