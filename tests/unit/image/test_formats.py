import tarfile
from pathlib import Path

import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.image import formats, ova
from ashore.image.distributions import distribution
from ashore.image.formats import FORMATS
from ashore.image.identity import Identity
from tests.unit.components import golden

HERE = Path(__file__).parent
ROW = distribution("debian/trixie")
IDS = Identity("0123456789abcdef")


def test_every_file_has_a_place_of_its_own(tmp_path: Path) -> None:
    raw = tmp_path / "disk" / "d1" / "disk.raw"
    places = {formats.planned(raw, ROW, each) for each in FORMATS.values()}
    assert len(places) == len(FORMATS)
    assert all(place.parent.parent == tmp_path / "disk" for place in places)


def test_an_unknown_format_is_named_with_those_there_are() -> None:
    with pytest.raises(AshoreError, match="no format qcow3") as caught:
        formats.formats(("raw", "qcow3"))
    assert caught.value.exit_code is ExitCode.USAGE
    assert [each.name for each in formats.formats(("ova", "ova", "raw"))] == ["ova", "raw"]


@pytest.mark.parametrize("number", [b"7", b"9c5a1f00"])
def test_a_vmdk_gets_a_number_of_its_content(tmp_path: Path, number: bytes) -> None:
    file = tmp_path / "x.vmdk"
    head, tail = b"KDMV\0\0# Disk DescriptorFile\nversion=1\nCID=", b"\nparentCID=ffffffff\n"
    file.write_bytes(head + number + tail)
    FORMATS["vmdk"].settle(file, IDS)
    settled = file.read_bytes()
    assert settled.startswith(head)
    assert settled.endswith(tail)
    assert int(settled[len(head) : -len(tail)], 16) != 0
    assert number not in settled


def test_a_vdi_gets_its_identifiers(tmp_path: Path) -> None:
    file = tmp_path / "x.vdi"
    file.write_bytes(bytes(512))
    FORMATS["vdi"].settle(file, IDS)
    found = file.read_bytes()
    assert found[392:408] == IDS.uuid("vdi").bytes_le
    assert found[408:424] == IDS.uuid("vdi/snapshot").bytes_le
    settled = {72: 400 % 256, 73: 400 // 256, 469: 512 // 256}
    rest = {at: byte for at, byte in enumerate(found) if byte and not 392 <= at < 424}
    assert rest == settled


def test_the_appliance_is_described(tmp_path: Path) -> None:
    disk = tmp_path / "ashore-debian-trixie-amd64.vmdk"
    appliance = ova.Appliance(ROW, disk, 20 * 1024**3, IDS)
    golden.check(HERE, "disk.ovf", ova.description(appliance, 1234))


def test_an_archive_is_the_same_each_time(tmp_path: Path) -> None:
    disk = tmp_path / "disk.vmdk"
    disk.write_bytes(b"KDMV")
    for name in ("a.ova", "b.ova"):
        ova.write(tmp_path / name, ova.Appliance(ROW, disk, 20 * 1024**3, IDS), 1767225600)
    assert (tmp_path / "a.ova").read_bytes() == (tmp_path / "b.ova").read_bytes()
    with tarfile.open(tmp_path / "a.ova") as archive:
        # The description has to be the first member, the checksums may follow it.
        assert archive.getnames() == ["disk.ovf", "disk.mf", "disk.vmdk"]
