"""`ashore demo` before anything is there; the rest is tested where it is made."""

from pathlib import Path

import pytest

from ashore.cli.main import run
from ashore.errors import ExitCode


@pytest.mark.parametrize("verb", ["up", "status", "down"])
def test_a_stack_that_is_not_up_is_refused(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASHORE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert run(["demo", verb]) == ExitCode.UNHEALTHY
    assert "demo is not up" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
