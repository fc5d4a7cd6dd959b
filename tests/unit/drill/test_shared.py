"""The writer on the shared volume, and the audit of what it was promised."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ashore.drill import catalogue, engine, shared
from ashore.drill.audits.shared import judge
from ashore.drill.client import volume
from ashore.drill.gaps import Sample
from ashore.drill.verdict import Verdict
from ashore.errors import AshoreError, ExitCode
from ashore.model.load import loads_stack
from tests.unit.drill.fakes import Lab

STORAGE = [name for name in catalogue.DRILLS if name.startswith(("storage-", "fuse-"))]


def acknowledged(*records: str) -> list[Sample]:
    return [Sample(0, 0, 1, detail=record) for record in records]


def test_a_write_is_appended_and_its_record_returned(tmp_path: Path) -> None:
    told = [volume.write(str(tmp_path), "seed", number) for number in (1, 2, 100)]
    kept = [line for file in sorted(tmp_path.iterdir()) for line in file.read_text().splitlines()]
    assert kept == told
    assert len(set(told)) == 3
    assert told[0] == volume.record("seed", 1)


def test_the_program_tells_every_write_and_ends_with_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = {"name": "shared", "directory": str(tmp_path / "x"), "seed": "s", "interval": 0.0}
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({**wish, "seconds": 60}) + "\n"))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(volume.os, "setpriority", lambda *_: None)
    looks = iter([False, False, False, True])
    monkeypatch.setattr(volume.select, "select", lambda *_: (["over"] if next(looks) else [], 0, 0))
    volume.main()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line[0] for line in lines] == ["shared"] * 3
    assert [line[4] for line in lines] == [""] * 3
    assert [line[5] for line in lines] == [volume.record("s", n) for n in (1, 2, 3)]


def test_the_program_needs_nothing_of_ours() -> None:
    *_, text = shared.command()
    assert "ashore" not in text.replace("ashore-drill", "")
    compile(text, "volume.py", "exec")


def test_every_brick_has_every_acknowledged_record() -> None:
    whole = {"st1": {"a", "b", "c"}, "st2": {"a", "b", "c"}}
    assert [c.verdict for c in judge(acknowledged("a", "b"), [whole])] == [Verdict.PASS] * 2


def test_a_record_that_one_brick_lacks_is_missing() -> None:
    lost, differ = judge(acknowledged("a", "b"), [{"st1": {"a", "b"}, "st2": {"a"}}])
    assert (lost.verdict, lost.detail) == (Verdict.FAIL, "1 of 2 are missing: b")
    assert (differ.verdict, differ.detail) == (Verdict.FAIL, "st1 has 1 records more")


def test_files_are_in_one_of_the_groups() -> None:
    groups = [{"st1": {"a"}, "st2": {"a"}}, {"st4": {"b"}, "st5": {"b"}}]
    assert judge(acknowledged("a", "b"), groups)[0].verdict is Verdict.PASS


def test_without_an_acknowledgement_nothing_is_known() -> None:
    (only,) = judge([Sample(0, 0, 1, "error")], [{"st1": set()}])
    assert only.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("name", STORAGE)
def test_a_stack_without_storage_is_refused(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bare = loads_stack("machines: {storage: {count: 0}}")
    world = replace(lab.world(), stack=bare)
    fault = catalogue.find(name)
    monkeypatch.setattr(engine, "isinstance", lambda *_: True, raising=False)
    with pytest.raises(AshoreError, match="has no storage machines") as raised:
        engine.require(fault, world)
    assert raised.value.exit_code is ExitCode.USAGE


def test_there_is_a_drill_for_each_loss() -> None:
    assert len(STORAGE) == 8
