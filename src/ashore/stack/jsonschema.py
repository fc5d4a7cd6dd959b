"""The JSON Schema of the stack file, for editors; committed as docs/stack.schema.json."""

import json
from typing import Any, cast

from ashore.stack.schema import StackFile
from ashore.stack.values import format_memory


def text() -> str:
    """The schema as JSON, draft 2020-12."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ashore stack file, ashore/v1",
        **_tidied(StackFile.model_json_schema(by_alias=True)),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _tidied(part: Any) -> Any:
    """Without titles made of Python's names; no null, which the loader refuses; sizes as text."""
    if isinstance(part, list):
        return [_tidied(item) for item in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    found = cast("dict[str, Any]", part)
    if "anyOf" in found:
        found = {**found, **found["anyOf"][0]}
    kept = {
        key: _tidied(value)
        for key, value in found.items()
        if key != "anyOf" and not (key == "title" and isinstance(value, str))
    }
    default = kept.get("default", "")
    if default is None:
        del kept["default"]
    elif kept.get("type") == "string" and isinstance(default, int):
        kept["default"] = format_memory(default)
    return kept
