"""The scalar values of the stack file: sizes, networks, addresses, names.

Each parser takes what the YAML says, returns the value, and raises ValueError
with a message that continues the key ("must be ...").
"""

import math
import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

MIB = 1024**2

LARGEST_DISK = 8 * 1024**4
"""Bytes of a virtual disk: its file, though sparse, must fit into ext4, which takes 16 TiB."""

_UNITS = {"MiB": MIB, "GiB": 1024**3}
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z]*)")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
NAME_PATTERN = r"^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$"
DOMAIN_PATTERN = rf"^{_LABEL}(?:\.{_LABEL})*$"
_DOMAIN_LENGTH = 200  # of the 253 that DNS allows; machine and service names go before it


def parse_memory(value: object) -> int:
    """Bytes of `2GiB`, `512MiB` or `1.5GiB`."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f"needs a unit; write {value}MiB or {value}GiB")
    match = _SIZE.fullmatch(_text(value))
    if match is None:
        raise ValueError("must be a size such as 512MiB or 2GiB")
    number, unit = match["number"], match["unit"]
    if unit not in _UNITS:
        guess = "GiB" if unit[:1] in "gG" and unit else "MiB"
        raise ValueError(f"must be in MiB or GiB; did you mean {number}{guess}?")
    size = float(number) * _UNITS[unit]
    if size == math.inf:
        raise ValueError("must be a size such as 512MiB or 2GiB, not one of hundreds of digits")
    return round(size)


def format_memory(size: int) -> str:
    """The shortest form that `parse_memory` reads back."""
    gib = size / _UNITS["GiB"]
    return f"{gib:g}GiB" if gib >= 1 and gib * 4 == int(gib * 4) else f"{size / MIB:g}MiB"


def format_whole(size: int) -> str:
    """Like `format_memory`, of the whole MiB in `size`: for what was measured."""
    return format_memory(size // MIB * MIB)


def parse_network(value: object) -> IPv4Network:
    """An IPv4 network; an address with host bits set is refused, not rounded."""
    text = _text(value)
    if "/" not in text:
        raise ValueError("must be a network such as 10.77.0.0/24")
    try:
        loose = IPv4Network(text, strict=False)
    except ValueError:
        raise ValueError("is no IPv4 network; write it as 10.77.0.0/24") from None
    if str(loose.network_address) != text.split("/")[0]:
        raise ValueError(f"has host bits set; did you mean {loose}?")
    return loose


def parse_address(value: object) -> IPv4Address:
    """An IPv4 address."""
    try:
        return IPv4Address(_text(value))
    except AddressValueError:
        raise ValueError("is no IPv4 address; write it as 10.77.0.10") from None


def parse_name(value: object) -> str:
    """A stack's name: it becomes part of host names, so a DNS label."""
    text = _text(value)
    if not re.match(NAME_PATTERN, text) or text.endswith("\n"):
        raise ValueError(
            "is no DNS label: up to 32 of a-z, 0-9 and -, first a letter, no - at the end"
        )
    return text


def parse_domain(value: object) -> str:
    """A domain in lower case without the final dot."""
    text = _text(value)
    if text != text.lower() or text.endswith("."):
        raise ValueError(f"must be lower case without a final dot: {text.lower().rstrip('.')}")
    if not re.fullmatch(DOMAIN_PATTERN.strip("^$"), text):
        raise ValueError("is no domain: labels of a-z, 0-9 and - with dots between")
    if len(text) > _DOMAIN_LENGTH:
        raise ValueError(f"is {len(text)} characters long; {_DOMAIN_LENGTH} at most")
    return text


def parse_host(value: object) -> str:
    """An IPv4 address or a name."""
    text = _text(value)
    if text.rsplit(".", 1)[-1].isdigit():
        return str(parse_address(text))
    return parse_domain(text)


def parse_file(value: object) -> str:
    """The path of a file on this computer, the same whatever the current directory is."""
    text = _text(value)
    if not text.startswith("/") or text.endswith("/") or not text.isprintable():
        raise ValueError("must be the whole path of a file, from / on")
    return text


def parse_resource(value: object) -> str:
    """The path of a Redfish resource."""
    text = _text(value)
    if not re.fullmatch(r"/redfish/v1/Systems/[A-Za-z0-9._~-]+", text):
        raise ValueError("must be the path of one system, such as /redfish/v1/Systems/1")
    return text


def parse_account(value: object) -> str:
    """The name of an account."""
    text = _text(value)
    if not re.fullmatch(r"[!-~]{1,64}", text) or ":" in text:
        raise ValueError("must be 1 to 64 letters, digits and signs without a space or colon")
    return text


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("must be a string")


Memory = Annotated[
    int,
    BeforeValidator(parse_memory),
    PlainSerializer(format_memory),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?(MiB|GiB)$"}),
]
Cidr = Annotated[
    IPv4Network,
    BeforeValidator(parse_network),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+){3}/\d+$"}),
]
Address = Annotated[
    IPv4Address,
    BeforeValidator(parse_address),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "format": "ipv4"}),
]
Name = Annotated[
    str,
    BeforeValidator(parse_name),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN}),
]
Domain = Annotated[
    str,
    BeforeValidator(parse_domain),
    WithJsonSchema({"type": "string", "pattern": DOMAIN_PATTERN}),
]
Host = Annotated[str, BeforeValidator(parse_host)]
HostFile = Annotated[
    str, BeforeValidator(parse_file), WithJsonSchema({"type": "string", "pattern": "^/"})
]
Resource = Annotated[
    str,
    BeforeValidator(parse_resource),
    WithJsonSchema({"type": "string", "pattern": "^/redfish/v1/Systems/"}),
]
Account = Annotated[str, BeforeValidator(parse_account)]
