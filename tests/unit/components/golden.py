"""Comparing what is rendered with the files in `golden/` beside a test."""

import os
from pathlib import Path

from ashore.model.fragment import Fragment


def check(directory: Path, name: str, text: str) -> None:
    """Fail unless the text is the golden file's; ASHORE_GOLDEN=write writes it instead."""
    path = directory / "golden" / name
    if os.environ.get("ASHORE_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def as_text(fragment: Fragment) -> str:
    """A fragment as one readable text."""
    parts: list[str] = []
    for file in fragment.files:
        content = file.content if isinstance(file.content, str) else file.content.decode()
        parts.append(f"=== {file.path} {file.mode:04o} {file.owner} notify: {file.notify or '-'}\n")
        parts.append(content)
    parts += [f"$ {command}\n" for command in fragment.commands]
    parts += [f"enable {unit}\n" for unit in fragment.enable]
    return "".join(parts)
