from pathlib import Path

import pytest

from ashore.app.bmc import factory
from ashore.bmc.config import Config
from ashore.drivers.base import Power


@pytest.mark.parametrize("driver", ["nspawn", "qemu", "virtualbox"])
async def test_the_service_gets_a_driver_that_knows_no_machine_yet(
    tmp_path: Path, driver: str
) -> None:
    config = Config(
        stack="nothing-of-that-name",
        driver=driver,
        namespace="",
        listen=(),
        certificate="",
        key="",
        fingerprint="",
        log="",
        release="",
        accounts=(),
        settings={"state": str(tmp_path), "cidr": "10.99.0.0/24"},
    )
    power, states = factory(config)
    assert isinstance(power, Power)
    assert await states() == {}
