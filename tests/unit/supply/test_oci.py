import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

from ashore.supply.oci import Entry, Spec, write_image, write_layer

SPEC = Spec("registry.k8s.io/pause:3.10.2", "amd64", ("/pause",))


def image(place: Path) -> Path:
    place.mkdir()
    program = place / "program"
    program.write_bytes(b"\x7fELF")
    layer = place / "layer"
    write_layer(
        layer,
        [Entry("usr/local/bin/pause", program), Entry("lib", link="usr/lib"), Entry("tmp")],
    )
    write_image(place / "image.tar", SPEC, [layer])
    return place / "image.tar"


def blob(tar: tarfile.TarFile, digest: str) -> Any:
    file = tar.extractfile("blobs/sha256/" + digest.removeprefix("sha256:"))
    assert file is not None
    content = file.read()
    assert hashlib.sha256(content).hexdigest() == digest.removeprefix("sha256:")
    return content


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert image(tmp_path / "a").read_bytes() == image(tmp_path / "b").read_bytes()


def test_every_digest_of_the_layout_is_right(tmp_path: Path) -> None:
    with tarfile.open(image(tmp_path / "a")) as tar:
        index = json.load(tar.extractfile("index.json"))  # pyright: ignore
        head = index["manifests"][0]
        assert head["annotations"]["io.containerd.image.name"] == SPEC.name
        manifest = json.loads(blob(tar, head["digest"]))
        config = json.loads(blob(tar, manifest["config"]["digest"]))
        layer = blob(tar, manifest["layers"][0]["digest"])
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert config["config"]["Entrypoint"] == ["/pause"]


def test_a_layer_names_parents_before_children(tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    write_layer(layer, [Entry("usr/bin/b", b"b"), Entry("usr/bin/a", b"a"), Entry("usr/lib")])
    with tarfile.open(layer) as tar:
        members = tar.getmembers()
    assert [m.name for m in members] == ["usr", "usr/bin", "usr/bin/a", "usr/bin/b", "usr/lib"]
    assert {(m.uid, m.gid, m.mtime) for m in members} == {(0, 0, 0)}
