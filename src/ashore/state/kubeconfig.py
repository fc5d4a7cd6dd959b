"""A stack's context in the user's own kubeconfig: added on request, taken out by `down`.

Everything else in the file stays as it is, comments and unknown keys
included. ruamel.yaml is imported when a file is changed.
"""

import io
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ashore.errors import AshoreError
from ashore.state.files import make_directory, write_atomic

if TYPE_CHECKING:
    from ruamel.yaml import YAML

_LISTS = {"clusters": "cluster", "users": "user", "contexts": "context"}
"""Lists of a kubeconfig and the key that holds the value of an entry."""

Document = dict[str, Any]


def context_name(stack: str) -> str:
    """What cluster, user and context of a stack are called in a file that others share."""
    return f"ashore-{stack}"


def merge(
    existing: str | None,
    ours: str,
    name: str,
    *,
    source: str = "the kubeconfig",
    set_current: bool = False,
) -> str:
    """`existing` with the cluster, user and context of `ours` under `name`.

    Entries of that name are replaced: the name is the stack's own. The current
    context is set only if `set_current`, or if there was no kubeconfig at all.

    Args:
        source: what messages call `existing`.

    Raises:
        AshoreError: one of them is not a kubeconfig.
    """
    yaml = _yaml()
    stack = _load(yaml, ours, "the stack's kubeconfig")
    if existing is None or not existing.strip():
        document: Document = {"apiVersion": "v1", "kind": "Config"}
        set_current = True
    else:
        document = _load(yaml, existing, source)
    for key, inner in _LISTS.items():
        entries = _entries(stack, key, "the stack's kubeconfig")
        if len(entries) != 1:
            raise AshoreError(f"the stack's kubeconfig has {len(entries)} {key}, not one")
        value: Document = entries[0][inner]
        if key == "contexts":
            value = {**value, "cluster": name, "user": name}
        _put(_entries(document, key, source), {"name": name, inner: value})
    if set_current:
        document["current-context"] = name
    return _dump(yaml, document)


def remove(existing: str, name: str, source: str = "the kubeconfig") -> str:
    """`existing` without the entries of that name; the same text if there are none.

    Raises:
        AshoreError: it is not a kubeconfig.
    """
    if not existing.strip():
        return existing
    yaml = _yaml()
    document = _load(yaml, existing, source)
    found = False
    for key in _LISTS:
        entries = _entries(document, key, source)
        for index in reversed(range(len(entries))):
            if entries[index].get("name") == name:
                del entries[index]
                found = True
    if document.get("current-context") == name:
        document["current-context"] = ""  # kubectl's own way to have none
        found = True
    return _dump(yaml, document) if found else existing


def read(path: Path) -> str | None:
    """The text of a kubeconfig; None if there is no file.

    Raises:
        AshoreError: it cannot be read, or is a directory or a device.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A device would be replaced by a file when it is written.
            raise AshoreError(f"{path} is not a regular file")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AshoreError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AshoreError(f"{path} is not UTF-8") from error


def write(path: Path, text: str) -> None:
    """Replace a kubeconfig atomically.

    A link is followed. Mode and owner stay: root may edit a user's file. A new
    file gets 0600 and the owner of the directory it is put into.

    Raises:
        AshoreError: it cannot be written.
    """
    try:
        _replace(path.resolve(), text)
    except OSError as error:
        raise AshoreError(f"{path}: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    model = next(p for p in (path, *path.parents) if p.exists())
    status = model.stat()
    made = [p for p in (path, *path.parents) if not p.exists()]
    make_directory(path.parent)
    write_atomic(path, text.encode(), 0o600 if made else status.st_mode & 0o777)
    if status.st_uid != os.geteuid():
        for changed in made or [path]:
            os.chown(changed, status.st_uid, status.st_gid)


def _put(entries: list[Document], entry: Document) -> None:
    for index, other in enumerate(entries):
        if other.get("name") == entry["name"]:
            entries[index] = entry
            return
    entries.append(entry)


def _entries(document: Document, key: str, source: str) -> list[Document]:
    """The list of that key, put there if it is absent, or null as kubectl leaves it."""
    if document.get(key) is None:
        document[key] = []
    entries: Any = document[key]
    if not isinstance(entries, list):
        raise AshoreError(f"{source} is not a kubeconfig: {key} is not a list")
    if not all(isinstance(entry, dict) for entry in cast("list[Any]", entries)):
        raise AshoreError(f"{source} is not a kubeconfig: {key} has an entry that is no mapping")
    return cast("list[Document]", entries)


def _yaml() -> "YAML":
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 16  # certificates are long words: never fold them
    return yaml


def _load(yaml: "YAML", text: str, source: str) -> Document:
    from ruamel.yaml.error import YAMLError

    try:
        document: Any = cast("Any", yaml).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        # ValueError: a date or a number that is none.
        raise AshoreError(f"{source} is not valid YAML{_where(error)}") from error
    if not isinstance(document, dict):
        raise AshoreError(f"{source} is not a kubeconfig: not a mapping")
    return cast("Document", document)


def _where(error: Any) -> str:
    """What a YAML error says, without the lines and values around it: they may be keys."""
    problem = str(getattr(error, "problem", None) or "").partition(" with value")[0]
    mark = getattr(error, "problem_mark", None)
    place = f", line {mark.line + 1}" if mark else ""
    return f"{place}: {problem}" if problem else place


def _dump(yaml: "YAML", document: Document) -> str:
    out = io.StringIO()
    cast("Any", yaml).dump(document, out)
    return out.getvalue()
