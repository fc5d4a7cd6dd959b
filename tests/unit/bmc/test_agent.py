"""What the stock fence_redfish agent reads, in its words.

The real agent runs in the contract tests. It looks at no status code: it takes
whatever JSON comes, and anything whose PowerState is not "Off" for on.
"""

from pathlib import Path

import pytest

from ashore.bmc.exchange import Body
from ashore.bmc.service import Service
from ashore.drivers.base import PowerState
from tests.unit.bmc.fakes import Switches, request, service

HEADERS = {"accept": "application/json", "odata_version": "4.0"}


class Agent:
    def __init__(self, served: Service, account: str = "lb1") -> None:
        self.served = served
        self.account = account

    async def get(self, path: str) -> Body:
        asked = request("GET", path, account=self.account, **HEADERS)
        return (await self.served.answer(asked)).body or {}

    async def find(self) -> str:
        root = await self.get("/redfish/v1")
        systems = await self.get(root["Systems"]["@odata.id"])
        return str(systems["Members"][-1]["@odata.id"])

    async def status(self, system: str) -> str:
        return "off" if (await self.get(system))["PowerState"].strip() == "Off" else "on"

    async def set(self, system: str, kind: str) -> None:
        target = (await self.get(system))["Actions"]["#ComputerSystem.Reset"]["target"]
        asked = request("POST", target, {"ResetType": kind}, account=self.account, **HEADERS)
        await self.served.answer(asked)


async def test_it_finds_reads_and_switches_its_system(tmp_path: Path) -> None:
    switches = Switches()
    agent = Agent(service(switches, tmp_path))
    system = await agent.find()
    assert system == "/redfish/v1/Systems/lb1"
    assert await agent.status(system) == "on"
    await agent.set(system, "ForceOff")
    assert await agent.status(system) == "off"
    await agent.set(system, "On")
    assert await agent.status(system) == "on"
    assert switches.calls == ["off lb1", "on lb1"]


@pytest.mark.parametrize("trouble", ["unknown", "absent", "another machine", "no such machine"])
async def test_what_is_not_known_to_be_off_is_not_read_as_off(tmp_path: Path, trouble: str) -> None:
    switches = Switches()
    switches.state = dict.fromkeys(switches.state, PowerState.OFF)
    system = "/redfish/v1/Systems/lb1"
    match trouble:
        case "unknown":
            switches.blind = OSError("EIO")
        case "absent":
            switches.state["lb1"] = PowerState.ABSENT
        case "another machine":
            system = "/redfish/v1/Systems/lb2"
        case _:
            system = "/redfish/v1/Systems/w9"
    # The agent ends with an error on a missing or null PowerState.
    with pytest.raises((KeyError, AttributeError)):
        await Agent(service(switches, tmp_path)).status(system)


async def test_a_failed_switch_is_not_read_as_done(tmp_path: Path) -> None:
    switches = Switches()
    switches.fails = OSError("EIO")
    agent = Agent(service(switches, tmp_path))
    await agent.set("/redfish/v1/Systems/lb1", "ForceOff")
    assert await agent.status("/redfish/v1/Systems/lb1") == "on"
