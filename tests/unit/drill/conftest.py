"""A lab in a temporary directory, and drills without their pauses."""

from pathlib import Path

import pytest

from ashore.drill import engine
from tests.unit.drill.fakes import Lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr(engine, "BEFORE", 0.0)
    monkeypatch.setattr(engine, "AFTER", 0.0)
    monkeypatch.setattr(engine, "_LOOK_EVERY", 0.001)
    return Lab(tmp_path / "drill")
