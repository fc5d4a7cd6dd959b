"""Bodies of requests, read strictly: what is not exactly right has no effect."""

import json
from typing import Any, cast

from ashore.bmc.errors import refuse
from ashore.bmc.power import ResetType

_ACTION = "ComputerSystem.Reset"


class _Twice(ValueError):
    """A name came twice in an object."""


def reset_type(body: bytes) -> ResetType:
    """What a reset asks for.

    Raises:
        Refused: 400.
    """
    fields = _object(body)
    for name in fields.keys() - {"ResetType"}:
        why = f"{_ACTION} knows no {name[:50]!r}"
        raise refuse(400, "ActionParameterUnknown", why, _ACTION, name[:50])
    if "ResetType" not in fields:
        why = f"{_ACTION} needs ResetType"
        raise refuse(400, "ActionParameterMissing", why, _ACTION, "ResetType")
    value = fields["ResetType"]
    if isinstance(value, str) and value in set(ResetType):
        return ResetType(value)
    shown = str(value)[:50]
    why = f"ResetType is one of {', '.join(ResetType)}, not {shown!r}"
    key = "ActionParameterValueFormatError"
    raise refuse(400, key, why, shown, "ResetType", _ACTION)


def credentials(body: bytes) -> tuple[str, str]:
    """Name and password of who opens a session.

    Raises:
        Refused: 400.
    """
    fields = _object(body)
    for name in ("UserName", "Password"):
        if not isinstance(fields.get(name), str):
            raise refuse(400, "PropertyMissing", f"a session needs {name}, a string", name)
    return fields["UserName"], fields["Password"]


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode()  # escapes can make half a character
    except _Twice as error:
        raise refuse(400, "PropertyDuplicate", f"{error} came twice", str(error)) from error
    except (ValueError, RecursionError) as error:
        raise refuse(400, "MalformedJSON", "the body is not JSON") from error
    if not isinstance(value, dict):
        raise refuse(400, "MalformedJSON", "the body is not a JSON object")
    return cast("dict[str, Any]", value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(n for n in names if names.count(n) > 1)[:50])
    return fields
