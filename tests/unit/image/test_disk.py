from pathlib import Path

import pytest

from ashore.image import disk, identity
from ashore.image.identity import Identity
from ashore.image.layout import layout
from ashore.model.load import default_stack
from tests.unit.components import golden

HERE = Path(__file__).parent
PLAN = layout(default_stack().disk)


def test_the_table_of_partitions() -> None:
    text = disk.partitions(PLAN, Identity("0123456789abcdef")).decode()
    golden.check(HERE, "partitions.sfdisk", text)


def test_identifiers_follow_from_content_and_layout() -> None:
    content = Path("/cache/tree/0123456789abcdef")
    one = disk.identity(content, PLAN)
    assert one == disk.identity(Path("/elsewhere/tree/0123456789abcdef"), PLAN)
    assert one != disk.identity(Path("/cache/tree/fedcba9876543210"), PLAN)
    assert one.uuid("esp") != one.uuid("root")
    assert len(one.lvm("pv").replace("-", "")) == 32


def test_the_time_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert identity.epoch() == 1700000000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert identity.epoch() == 1767225600
