"""What a stack created on this computer, written down before it was created."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ashore.state import jsonl


@dataclass(frozen=True, slots=True)
class Made:
    """Something that may exist. `when` is ISO 8601 in UTC."""

    kind: str
    name: str
    when: str


class Ledger:
    """Append-only. `down` goes through it backwards, beside what it discovers by label."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = {(made.kind, made.name) for made in self.entries()}

    def record(self, kind: str, name: str) -> None:
        """Write down what is about to be created. Once is enough for each thing."""
        if (kind, name) not in self._known:
            when = datetime.now(UTC).isoformat(timespec="milliseconds")
            jsonl.append(self.path, {"kind": kind, "name": name, "when": when})
            self._known.add((kind, name))

    def entries(self) -> list[Made]:
        """Everything that was written down, oldest first; a line cut by a crash is left out."""
        return [
            Made(str(r["kind"]), str(r["name"]), str(r.get("when", "")))
            for r in jsonl.read(self.path)
            if "kind" in r and "name" in r
        ]
