"""The committed files that are generated: `python -m tests.docs --write` renews them."""

import sys
from collections.abc import Callable
from pathlib import Path

from ashore.model.load import default_stack
from ashore.picture import text, topology
from ashore.stack import jsonschema, reference

ROOT = Path(__file__).resolve().parents[1]

GENERATED: dict[str, Callable[[], str]] = {
    "docs/stack.schema.json": jsonschema.text,
    "docs/reference/stack-file.md": reference.text,
    "docs/images/stack.svg": lambda: topology.svg(default_stack()),
    "docs/images/stack.txt": lambda: text.plain(default_stack()),
}
"""Path in the repository -> what its content must be."""


def stale() -> list[str]:
    """The generated files that do not hold what they should."""
    return [
        path
        for path, render in GENERATED.items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != render()
    ]


def main() -> int:
    for path in stale():
        sys.stdout.write(f"{path}\n")
        if "--write" in sys.argv[1:]:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(GENERATED[path](), encoding="utf-8")
    return 0 if "--write" in sys.argv[1:] else len(stale())


if __name__ == "__main__":
    raise SystemExit(main())
