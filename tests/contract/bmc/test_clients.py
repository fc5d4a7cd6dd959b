"""Redfish client libraries, where they are installed: `pip install sushy redfish`."""

from typing import Any

import pytest

from tests.contract.bmc.conftest import Running, secret

SYSTEM = "/redfish/v1/Systems/lb1"


@pytest.mark.parametrize("kind", ["BasicAuth", "SessionAuth", "SessionOrBasicAuth"])
def test_sushy_resets_its_system(running: Running, kind: str) -> None:
    sushy: Any = pytest.importorskip("sushy")
    auth = getattr(sushy.auth, kind)(username="lb1", password=secret("lb1"))
    try:
        root = sushy.Sushy(f"{running.url}/redfish/v1/", verify=str(running.ca), auth=auth)
        [system] = root.get_system_collection().get_members()
        assert system.identity == "lb1"
        assert system.power_state == sushy.POWER_STATE_ON
        assert sushy.RESET_TYPE_FORCE_OFF in system.get_allowed_reset_system_values()
        system.reset_system(sushy.RESET_TYPE_FORCE_OFF)
        assert running.state("lb1") == "off"
        system.refresh()
        assert system.power_state == sushy.POWER_STATE_OFF
        system.reset_system(sushy.RESET_TYPE_ON)
        assert running.state("lb1") == "on"
        with pytest.raises(sushy.exceptions.AccessError):
            root.get_system("/redfish/v1/Systems/lb2")
        with pytest.raises(sushy.exceptions.ResourceNotFoundError):
            root.get_system("/redfish/v1/Systems/w9")
    finally:
        # Left to the garbage collector, its session would be closed in the middle of a
        # later test: ten tries, with pauses, at a service that is gone.
        auth.close()


@pytest.mark.parametrize("kind", ["basic", "session"])
def test_the_library_of_the_standards_body_resets_its_system(running: Running, kind: str) -> None:
    redfish: Any = pytest.importorskip("redfish")
    client = redfish.redfish_client(
        base_url=running.url,
        username="lb1",
        password=secret("lb1"),
        default_prefix="/redfish/v1/",
        cafile=str(running.ca),
    )
    client.login(auth=kind)
    try:
        body = client.get(SYSTEM).dict
        assert body["PowerState"] == "On"
        target = body["Actions"]["#ComputerSystem.Reset"]["target"]
        assert client.post(target, body={"ResetType": "ForceOff"}).status == 204
        assert client.get(SYSTEM).dict["PowerState"] == "Off"
        refused = client.post(target, body={"ResetType": "Nmi"})
        assert refused.status == 400
        assert refused.dict["error"]["@Message.ExtendedInfo"]
    finally:
        client.logout()
