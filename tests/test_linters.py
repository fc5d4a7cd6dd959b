"""Format, lint, types, import rules and sizes: as tests, so that one runner tells all."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

FILE_LINES = 500
FUNCTION_LINES = 60

pytestmark = pytest.mark.spawns


@pytest.mark.parametrize(
    "argv",
    [
        ("ruff", "format", "--check", "src", "tests", "bench"),
        ("ruff", "check", "src", "tests", "bench"),
        ("pyright", "--pythonpath", sys.executable),
        ("lint-imports",),
    ],
    ids=lambda argv: "-".join(argv[:2]).removesuffix("---check"),
)
def test_linter(argv: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(BIN / argv[0]), *argv[1:]], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _sources() -> list[Path]:
    return sorted((ROOT / "src").rglob("*.py"))


def test_no_file_is_two_things() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _sources()
        if (count := len(path.read_text().splitlines())) > FILE_LINES
    }
    assert not long


def test_no_function_is_too_long() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES
    }
    assert not long
