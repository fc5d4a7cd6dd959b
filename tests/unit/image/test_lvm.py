import struct
from pathlib import Path

import pytest

from ashore.errors import AshoreError
from ashore.image import lvm
from ashore.image.identity import Identity
from ashore.image.layout import layout
from ashore.model.load import default_stack
from tests.unit.components import golden

HERE = Path(__file__).parent
PLAN = layout(default_stack().disk)
IDS = Identity("0123456789abcdef")


def test_the_group_as_lvm2_reads_it() -> None:
    golden.check(HERE, "group.txt", lvm.metadata(PLAN, IDS, 1767225600))


def test_checksums_are_those_of_lvm2() -> None:
    # Header of a group that vgcreate and lvcreate of lvm2 2.03.16 made.
    header = bytearray(512)
    struct.pack_into("<16sIQQ", header, 4, b" LVM2 x[5A%r0N*>", 1, 4096, 0xFF000)
    struct.pack_into("<QQII", header, 40, 0xC00, 0x5D6, 0xF8E4302F, 0)
    assert lvm.checksum(bytes(header[4:])) == 0xDD038766


def test_an_area_says_where_its_text_is() -> None:
    area = lvm.area("text", 0xFF000)
    offset, size, sum_, flags = struct.unpack_from("<QQII", area, 40)
    assert (area[offset : offset + size], flags) == (b"text\0", 0)
    assert sum_ == lvm.checksum(b"text\0")


def test_an_unknown_way_to_lay_metadata_out_is_refused(tmp_path: Path) -> None:
    raw = tmp_path / "disk.raw"
    with raw.open("wb") as file:
        file.truncate(PLAN.size)
    with pytest.raises(AshoreError, match="not known here"):
        lvm.settle(raw, PLAN, "text")
