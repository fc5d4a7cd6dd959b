from pathlib import Path

import pytest

from ashore.demo import site
from tests.unit.demo.fakes import Lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    made = Lab(tmp_path)
    monkeypatch.setattr(site, "ask", made.page.ask)
    return made
