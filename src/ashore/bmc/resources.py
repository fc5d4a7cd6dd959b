"""The resources that clients read, as JSON. Pure."""

import uuid

from ashore.bmc.exchange import Body
from ashore.bmc.power import Reading, ResetType

ROOT = "/redfish/v1"
SYSTEMS = f"{ROOT}/Systems"
SERVICE = f"{ROOT}/SessionService"
SESSIONS = f"{SERVICE}/Sessions"
RESET = "Actions/ComputerSystem.Reset"


def versions() -> Body:
    """What `/redfish` answers."""
    return {"v1": f"{ROOT}/"}


def root(stack: str, version: str) -> Body:
    """The service root; the one place that shows which configuration is served."""
    return {
        "@odata.id": f"{ROOT}/",
        "@odata.type": "#ServiceRoot.v1_5_0.ServiceRoot",
        "Id": "RootService",
        "Name": f"Machines of the Ashore stack {stack}",
        "RedfishVersion": "1.6.0",
        "UUID": _uuid(stack),
        "Systems": _link(SYSTEMS),
        "SessionService": _link(SERVICE),
        "Links": {"Sessions": _link(SESSIONS)},
        "Oem": {"Ashore": {"Stack": stack, "Configuration": version}},
    }


def service_document() -> Body:
    """The OData service document."""
    return {
        "@odata.context": f"{ROOT}/$metadata",
        "value": [
            {"name": name, "kind": "Singleton", "url": url}
            for name, url in (
                ("Service", f"{ROOT}/"),
                ("Systems", SYSTEMS),
                ("SessionService", SERVICE),
                ("Sessions", SESSIONS),
            )
        ],
    }


def systems(names: list[str]) -> Body:
    """The collection of the systems that an account may see."""
    kind = "#ComputerSystemCollection.ComputerSystemCollection"
    return _collection(SYSTEMS, kind, "Systems", names)


def system(stack: str, name: str, reading: Reading | None) -> Body:
    """One machine; `reading` None means that it does not exist (any more)."""
    path = f"{SYSTEMS}/{name}"
    there = reading is not None
    enabled = "Enabled" if reading is Reading.ON else "Disabled"
    return {
        "@odata.id": path,
        "@odata.type": "#ComputerSystem.v1_5_0.ComputerSystem",
        "Id": name,
        "Name": name,
        "HostName": name,
        "Description": f"{name} of the Ashore stack {stack}",
        "SystemType": "Virtual",
        "Manufacturer": "Ashore",
        "UUID": _uuid(stack, name),
        "PowerState": reading,
        "Status": {
            "State": enabled if there else "Absent",
            "Health": "OK" if there else "Critical",
        },
        "Actions": {
            "#ComputerSystem.Reset": {
                "target": f"{path}/{RESET}",
                "ResetType@Redfish.AllowableValues": [str(kind) for kind in ResetType],
            }
        },
    }


def session_service(timeout: float) -> Body:
    """Where sessions are made; `timeout` in seconds without a request."""
    return {
        "@odata.id": SERVICE,
        "@odata.type": "#SessionService.v1_1_3.SessionService",
        "Id": "SessionService",
        "Name": "Sessions",
        "ServiceEnabled": True,
        "SessionTimeout": int(timeout),
        "Sessions": _link(SESSIONS),
    }


def sessions(identities: list[str]) -> Body:
    """An account's own sessions."""
    return _collection(SESSIONS, "#SessionCollection.SessionCollection", "Sessions", identities)


def session(identity: str, account: str) -> Body:
    """One session."""
    return {
        "@odata.id": f"{SESSIONS}/{identity}",
        "@odata.type": "#Session.v1_1_0.Session",
        "Id": identity,
        "Name": f"Session of {account}",
        "UserName": account,
    }


def _collection(path: str, kind: str, title: str, members: list[str]) -> Body:
    return {
        "@odata.id": path,
        "@odata.type": kind,
        "Name": title,
        "Members@odata.count": len(members),
        "Members": [_link(f"{path}/{member}") for member in members],
    }


def _link(path: str) -> Body:
    return {"@odata.id": path}


def _uuid(*names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, ".".join((*reversed(names), "ashore.internal"))))
