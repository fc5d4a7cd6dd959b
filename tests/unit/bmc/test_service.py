import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ashore.bmc.exchange import Request
from ashore.drivers.base import PowerState
from ashore.errors import AshoreError
from ashore.state import jsonl
from tests.unit.bmc.fakes import LIMITS, Switches, basic, request, reset, service

SYSTEM = "/redfish/v1/Systems/lb1"
RESET = f"{SYSTEM}/Actions/ComputerSystem.Reset"
SESSIONS = "/redfish/v1/SessionService/Sessions"


@pytest.mark.parametrize("path", ["/redfish", "/redfish/v1", "/redfish/v1/", "/redfish/v1/odata"])
async def test_the_root_needs_no_account(tmp_path: Path, path: str) -> None:
    answer = await service(Switches(), tmp_path).answer(request("GET", path, account=None))
    assert answer.status == 200
    assert answer.body


async def test_an_account_sees_its_own_system_only(tmp_path: Path) -> None:
    answer = await service(Switches(), tmp_path).answer(request("GET", "/redfish/v1/Systems"))
    assert answer.body
    assert answer.body["Members"] == [{"@odata.id": SYSTEM}]
    assert answer.body["Members@odata.count"] == 1


async def test_the_system_carries_what_its_schema_asks_for(tmp_path: Path) -> None:
    answer = await service(Switches(), tmp_path).answer(request("GET", SYSTEM))
    body = answer.body
    assert body
    assert body["@odata.id"] == SYSTEM
    assert body["@odata.type"].startswith("#ComputerSystem.v1_")
    assert (body["Id"], body["Name"], body["PowerState"]) == ("lb1", "lb1", "On")
    assert body["Status"] == {"State": "Enabled", "Health": "OK"}
    action = body["Actions"]["#ComputerSystem.Reset"]
    assert action["target"] == RESET
    allowed = action["ResetType@Redfish.AllowableValues"]
    assert {"On", "ForceOff", "ForceRestart"} <= set(allowed)
    assert answer.headers["Allow"] == "GET, HEAD"
    assert json.loads(json.dumps(body)) == body


@pytest.mark.parametrize(
    ("state", "power", "status"),
    [
        (PowerState.ON, "On", "Enabled"),
        (PowerState.OFF, "Off", "Disabled"),
        (PowerState.ABSENT, None, "Absent"),
    ],
)
async def test_the_power_state_follows_the_driver(
    tmp_path: Path, state: PowerState, power: str | None, status: str
) -> None:
    switches = Switches()
    switches.state["lb1"] = state
    answer = await service(switches, tmp_path).answer(request("GET", SYSTEM))
    assert answer.body
    assert answer.body["PowerState"] == power
    assert answer.body["Status"]["State"] == status


async def test_a_state_that_is_not_known_is_an_error_without_a_state(tmp_path: Path) -> None:
    switches = Switches()
    switches.blind = AshoreError("no cgroups")
    answer = await service(switches, tmp_path).answer(request("GET", SYSTEM))
    assert answer.status == 503
    assert answer.body
    assert "PowerState" not in answer.body
    assert "no cgroups" in answer.body["error"]["message"]


REFUSED: list[tuple[int, str, Request]] = [
    (401, "NoValidSession", request("GET", SYSTEM, account=None)),
    (401, "NoValidSession", request("GET", SYSTEM, authorization=basic("lb1", "wrong"))),
    (401, "NoValidSession", request("GET", SYSTEM, authorization=basic("nobody", "x"))),
    (401, "NoValidSession", request("GET", SYSTEM, authorization=basic("", ""))),
    (401, "NoValidSession", request("GET", SYSTEM, authorization="Basic !!!")),
    (401, "NoValidSession", request("GET", SYSTEM, authorization="Basic")),
    (401, "NoValidSession", request("GET", SYSTEM, authorization="Bearer x")),
    (401, "NoValidSession", request("GET", SYSTEM, x_auth_token="x")),
    (401, "NoValidSession", request("GET", SYSTEM, authorization="Basic " + "QUFB" * 2000)),
    (401, "NoValidSession", request("GET", "/redfish/v1/Nothing", account=None)),
    (403, "InsufficientPrivilege", request("GET", "/redfish/v1/Systems/lb2")),
    (403, "InsufficientPrivilege", reset("lb2", "ForceOff", account="lb1")),
    (404, "ResourceMissingAtURI", request("GET", "/redfish/v1/Systems/w9")),
    (404, "ResourceMissingAtURI", reset("w9", "ForceOff", account="lb1")),
    (404, "ResourceMissingAtURI", request("GET", "/redfish/v1/Managers")),
    (404, "ResourceMissingAtURI", request("GET", "/redfish/v1/Systems//lb1")),
    (404, "ResourceMissingAtURI", request("GET", "/redfish/v1/Systems/lb1/../lb2")),
    (404, "ResourceMissingAtURI", request("GET", "/redfish/v1/Systems/lb%31")),
    (404, "ResourceMissingAtURI", request("GET", f"{SESSIONS}/1")),
    (404, "ResourceMissingAtURI", request("GET", "/")),
    (405, "ActionNotSupported", request("GET", RESET)),
    (405, "ActionNotSupported", request("HEAD", RESET)),
    (405, "ActionNotSupported", request("DELETE", SYSTEM)),
    (405, "ActionNotSupported", request("PATCH", SYSTEM, {"PowerState": "Off"})),
    (405, "ActionNotSupported", request("POST", "/redfish/v1/", account=None)),
    (412, "GeneralError", request("GET", SYSTEM, odata_version="3.0")),
    (400, "ActionParameterMissing", request("POST", RESET, {})),
    (400, "ActionParameterUnknown", request("POST", RESET, {"ResetType": "On", "Force": 1})),
    (400, "ActionParameterValueFormatError", reset("lb1", "forceoff")),
    (400, "ActionParameterValueFormatError", reset("lb1", "Nmi")),
    (400, "ActionParameterValueFormatError", reset("lb1", "GracefulShutdown")),
    (400, "ActionParameterValueFormatError", request("POST", RESET, {"ResetType": ["On"]})),
    (400, "ActionParameterValueFormatError", request("POST", RESET, {"ResetType": None})),
    (400, "PropertyDuplicate", request("POST", RESET, b'{"ResetType":"On","ResetType":"On"}')),
    (400, "MalformedJSON", request("POST", RESET)),
    (400, "MalformedJSON", request("POST", RESET, ["ForceOff"])),
    (400, "MalformedJSON", request("POST", RESET, b"\xff\xfe")),
    (400, "MalformedJSON", request("POST", RESET, b"[" * 4096)),
    (400, "MalformedJSON", request("POST", RESET, b"9" * 4096)),
    (400, "PropertyMissing", request("POST", SESSIONS, {"UserName": "lb1"}, account=None)),
    (
        401,
        "NoValidSession",
        request("POST", SESSIONS, {"UserName": "lb1", "Password": "x"}, account=None),
    ),
]


@pytest.mark.parametrize(("status", "key", "asked"), REFUSED)
async def test_what_is_refused_has_no_effect(
    tmp_path: Path, status: int, key: str, asked: Request
) -> None:
    switches = Switches()
    answer = await service(switches, tmp_path).answer(asked)
    assert answer.status == status
    assert answer.body
    error = answer.body["error"]
    assert error["code"] == f"Base.1.4.{key}"
    assert error["@Message.ExtendedInfo"][0]["MessageId"] == error["code"]
    assert answer.why == error["message"]
    assert not switches.calls
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    if status == 405:
        assert "Allow" in answer.headers


async def test_a_reset_is_logged_before_and_after(tmp_path: Path) -> None:
    switches = Switches()
    gate = switches.hold("lb1")
    served = service(switches, tmp_path)
    resetting = asyncio.create_task(served.answer(reset("lb1", "ForceOff")))
    await switches.begun.get()
    log = tmp_path / "log/resets.jsonl"
    assert [r["result"] for r in jsonl.read(log)] == ["started"]
    gate.set()
    assert (await resetting).status == 204
    begun, ended = jsonl.read(log)
    who = {"account": "lb1", "peer": "10.77.0.11:40000", "machine": "lb1", "type": "ForceOff"}
    assert who.items() <= begun.items()
    assert who.items() <= ended.items()
    assert (ended["result"], ended["status"]) == ("done", 204)
    assert ended["seconds"] >= 0
    assert ended["at"] >= begun["at"]


async def test_a_reset_that_the_driver_fails_is_a_server_error(tmp_path: Path) -> None:
    switches = Switches()
    switches.fails = AshoreError("the machine will not die")
    answer = await service(switches, tmp_path).answer(reset("lb1", "ForceOff"))
    assert answer.status == 500
    ended = jsonl.read(tmp_path / "log/resets.jsonl")[-1]
    assert ended["result"] == "failed"
    assert "the machine will not die" in ended["why"]


async def test_too_many_resets_are_sent_away(tmp_path: Path) -> None:
    switches = Switches()
    gate = switches.hold("lb1")
    served = service(switches, tmp_path)
    waiting = [
        asyncio.create_task(served.answer(reset("lb1", "ForceOff"))) for _ in range(LIMITS.queue)
    ]
    await switches.begun.get()
    refused = await served.answer(reset("lb1", "ForceOff"))
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    gate.set()
    assert {a.status for a in await asyncio.gather(*waiting)} == {204}


async def test_a_full_disk_does_not_keep_a_machine_from_being_fenced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    switches = Switches()
    served = service(switches, tmp_path)
    (tmp_path / "log/resets.jsonl").mkdir()  # as good as full: it cannot be written
    assert (await served.answer(reset("lb1", "ForceOff"))).status == 204
    assert switches.calls == ["off lb1"]
    assert '"type": "ForceOff"' in capsys.readouterr().err


async def test_a_bug_answers_and_does_not_spread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object) -> dict[str, Any]:
        raise ZeroDivisionError

    monkeypatch.setattr("ashore.bmc.resources.system", bug)
    answer = await service(Switches(), tmp_path).answer(request("GET", SYSTEM))
    assert (answer.status, answer.close) == (500, True)
    assert "ZeroDivisionError" in answer.why
    assert "ZeroDivisionError" not in str(answer.body)


async def test_a_session_is_as_good_as_a_password(tmp_path: Path) -> None:
    served = service(Switches(), tmp_path)
    credentials = {"UserName": "lb1", "Password": "secret of lb1"}
    made = await served.answer(request("POST", SESSIONS, credentials, account=None))
    assert made.status == 201
    token, place = made.headers["X-Auth-Token"], made.headers["Location"]

    def ask(method: str, path: str) -> Request:
        return request(method, path, account=None, x_auth_token=token)

    listed = await served.answer(ask("GET", SESSIONS))
    assert listed.body
    assert listed.body["Members"] == [{"@odata.id": place}]
    assert (await served.answer(ask("GET", SYSTEM))).status == 200
    assert (await served.answer(ask("GET", "/redfish/v1/Systems/lb2"))).status == 403
    assert (await served.answer(request("DELETE", place, account="lb2"))).status == 404
    assert (await served.answer(ask("DELETE", place))).status == 204
    assert (await served.answer(ask("GET", SYSTEM))).status == 401


async def test_sessions_end_and_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = service(Switches(), tmp_path)
    credentials = {"UserName": "lb1", "Password": "secret of lb1"}
    tokens: list[str] = []
    for _ in range(20):
        made = await served.answer(request("POST", SESSIONS, credentials, account=None))
        tokens.append(made.headers["X-Auth-Token"])

    async def status(token: str) -> int:
        asked = request("GET", SYSTEM, account=None, x_auth_token=token)
        return (await served.answer(asked)).status

    assert [await status(t) for t in tokens] == [401] * 12 + [200] * 8
    monkeypatch.setattr("time.monotonic", lambda: 1e9)
    assert {await status(t) for t in tokens} == {401}
