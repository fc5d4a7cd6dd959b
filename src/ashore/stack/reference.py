"""The reference page of the stack file; committed as docs/reference/stack-file.md."""

from ashore.stack import init
from ashore.stack.fields import (
    about,
    default_text,
    field_at,
    fields_of,
    options,
    range_of,
    section_at,
    section_of,
    sections,
)
from ashore.stack.violation import Path, dotted

_HEAD = """\
# The stack file

<!-- Generated from the schema by ashore.stack.reference; change it there. -->

One YAML 1.2 file describes one stack. Every key may be left out; the stack of a
file that holds `{}` has every default. `ashore init` writes the file below,
`ashore check` tells every violation at once, with line and column, and
[stack.schema.json](../stack.schema.json) teaches an editor the keys.
"""
_SIZE = "size, in MiB or GiB"
_KINDS = {
    "name": "DNS label",
    "memory": _SIZE,
    **dict.fromkeys(("size", "root", "usr", "var", "tmp", "opt"), _SIZE),
    "cidr": "IPv4 network",
    "podCIDR": "IPv4 network",
    "serviceCIDR": "IPv4 network",
    "domain": "domain",
    "floatingIP": "IPv4 address",
    "address": "IPv4 address or name",
    "system": "path of a resource",
    "account": "text",
    "passwordFile": "path of a file",
    "ca": "path of a file",
}
_EXAMPLE = """\
## The whole file

As `ashore init` writes it:

```yaml
{text}```
"""


def text() -> str:
    """The page as Markdown."""
    # Sections of one kind are described once, where the first of them stands.
    first = {section_at(path): path for path in reversed(sections())}
    shown = [path for path in sections() if first[section_at(path)] == path]
    return "\n".join([_HEAD, *map(_section, shown), _EXAMPLE.format(text=init.text())])


def _section(path: Path) -> str:
    rows = [_row((*path, key)) for key in fields_of(section_at(path))]
    title = f"`{dotted(path)}`" if path else "Top of the file"
    header = "| key | value | default | meaning |\n|---|---|---|---|"
    return f"## {title}\n\n{about(path)}\n\n{header}\n" + "\n".join(rows) + "\n"


def _row(path: Path) -> str:
    cells = (f"`{path[-1]}`", _value(path), _default(path), about(path))
    return f"| {' | '.join(cells)} |"


def _value(path: Path) -> str:
    field = field_at(path)
    if section_of(field):
        return "section"
    if offered := options(field):
        return ", ".join(f"`{option}`" for option in offered)
    if limits := range_of(field):
        return f"{limits}"
    return _KINDS[str(path[-1])]


def _default(path: Path) -> str:
    if section_of(field_at(path)):
        return ""
    if field_at(path).is_required():
        return "needed"
    value = default_text(path)
    return f"`{value}`" if value is not None else "see there"
