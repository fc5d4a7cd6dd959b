"""Errors in Redfish's form, by message keys of its Base registry."""

from dataclasses import replace

from ashore.bmc.exchange import Answer, Body, Refused

_REGISTRY = "Base.1.4"


def refuse(status: int, key: str, why: str, *arguments: str, **headers: str) -> Refused:
    """An error to raise.

    Args:
        key: of the registry's message (`ResourceMissingAtURI`).
        why: the sentence for whoever reads it; also logged.
        arguments: of the registry's message.
        headers: with underscores for hyphens.
    """
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refused(Answer(status, body(key, why, *arguments), names, why=why))


def closing(refused: Refused) -> Refused:
    """The same, ending the connection."""
    return Refused(replace(refused.answer, close=True))


def body(key: str, why: str, *arguments: str) -> Body:
    """The body of an error."""
    identity = f"{_REGISTRY}.{key}"
    message = {
        "@odata.type": "#Message.v1_0_8.Message",
        "MessageId": identity,
        "Message": why,
        "MessageArgs": list(arguments),
        "Severity": "Critical",
        "Resolution": "None",
    }
    return {"error": {"code": identity, "message": why, "@Message.ExtendedInfo": [message]}}


def malformed(why: str, status: int = 400) -> Refused:
    """Not a request that can be understood; the connection's framing is lost with it."""
    return closing(refuse(status, "UnrecognizedRequestBody", why))
