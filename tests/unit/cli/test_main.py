import json
from pathlib import Path

import pytest

from ashore.app import enter
from ashore.app.select import Wish
from ashore.cli.main import run
from ashore.errors import AshoreError, ExitCode


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASHORE_STATE", str(tmp_path / "state"))


def test_an_unknown_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sink"]) == ExitCode.USAGE
    assert "sink" in "".join(capsys.readouterr())


def test_check_tells_every_mistake_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    Path("stack.yaml").write_text("nmae: x\nmachines: {worker: {count: -1}}\n")
    assert run(["check", "-o", "json"]) == ExitCode.USAGE
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["exitCode"] == 2
    assert {v["key"] for v in error["violations"]} == {"nmae", "machines.worker.count"}


def test_init_writes_a_file_that_check_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init"]) == ExitCode.DONE
    assert run(["init"]) == ExitCode.USAGE
    assert run(["init", "--force"]) == ExitCode.DONE
    assert run(["check"]) == ExitCode.DONE
    assert "demo: 10.77.0.0/24" in capsys.readouterr().out


def test_a_machine_that_is_not_in_the_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert run(["shell", "w9"]) == ExitCode.USAGE
    assert "no machine w9" in capsys.readouterr().err


def test_not_root(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert run(["up"]) == ExitCode.HOST
    assert "sudo ashore up" in capsys.readouterr().err


def test_what_comes_after_two_hyphens_is_for_another_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["dockerd", "--debug", "-o", "json"]
    seen: list[list[str]] = []

    def enter_(wish: Wish, name: str, command: tuple[str, ...]) -> None:
        seen.append([*command])
        raise AshoreError("no way in")

    monkeypatch.setattr(enter, "enter", enter_)
    assert run(["exec", "w1", "--", *words]) == ExitCode.FAILED
    assert "no way in" in capsys.readouterr().err
    with pytest.raises(AshoreError):
        run(["exec", "--debug", "w1", "--", *words])
    assert seen == [words, words]


def test_a_report_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert run(["drill", "report", "--to", str(tmp_path)]) == ExitCode.USAGE
    assert f"{tmp_path}: Is a directory" in capsys.readouterr().err


def test_all_drills_where_none_can_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    Path("stack.yaml").write_text("name: boxes\ndriver: virtualbox\n")
    assert run(["drill", "run", "--all"]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert "boxes can run no drill" in error
    assert "the driver virtualbox cannot" in error
