"""Archives as people have them: whole, cut, altered, for other machines, no archives at all."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.supply import archive, oci

LAYER = b"layer" * 1000


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def written(path: Path, members: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return path


def layout(path: Path, architecture: str = "amd64") -> Path:
    layer = path.with_suffix(".layer")
    layer.write_bytes(LAYER)
    oci.write_image(path, oci.Spec("docker.io/library/web:1", architecture), [layer])
    return path


def saved(path: Path, layers: int = 1) -> Path:
    """As `docker save` wrote before version 25: layers that are the same are links."""
    digest = f"sha256:{sha256(LAYER)}"
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": [digest] * layers}}
    ).encode()
    name = f"{sha256(config)}.json"
    names = [f"{n}/layer.tar" for n in range(layers)]
    head = [{"Config": name, "RepoTags": ["web:1"], "Layers": names}]
    members = {name: config, names[0]: LAYER, "manifest.json": json.dumps(head).encode()}
    return written(path, members, dict.fromkeys(names[1:], "../0/layer.tar"))


def refusal(path: Path) -> str:
    with pytest.raises(AshoreError) as caught:
        archive.read(path, "amd64")
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.message


def test_a_layout(tmp_path: Path) -> None:
    found = archive.read(layout(tmp_path / "web.tar"), "amd64")
    (image,) = found.images
    assert image.names == ("docker.io/library/web:1",)
    manifest = json.loads(image.manifest)
    wanted = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
    assert [blob.digest for blob in image.blobs] == wanted
    assert b"".join(found.read(image.blobs[1])) == LAYER


def test_what_an_older_docker_saved(tmp_path: Path) -> None:
    found = archive.read(saved(tmp_path / "web.tar", layers=3), "amd64")
    (image,) = found.images
    assert image.names == ("web:1",)
    manifest = json.loads(image.manifest)
    assert len(manifest["layers"]) == 3
    assert len(image.blobs) == 2  # each once
    assert b"".join(found.read(image.blobs[1])) == LAYER


def test_of_several_platforms_the_machines_own(tmp_path: Path) -> None:
    members: dict[str, bytes] = {}

    def blob(document: dict[str, Any], **more: object) -> dict[str, Any]:
        content = json.dumps(document).encode()
        members[f"blobs/sha256/{sha256(content)}"] = content
        return {"digest": f"sha256:{sha256(content)}", "size": len(content), **more}

    platforms: list[dict[str, Any]] = []
    for name in ("arm64", "amd64"):
        platform = {"architecture": name, "os": "linux"}
        config = blob(platform)
        platforms.append(blob({"config": config, "layers": []}, platform=platform))
    kind = "application/vnd.oci.image.index.v1+json"
    index = blob({"manifests": platforms}, mediaType=kind)
    members["index.json"] = json.dumps({"manifests": [index]}).encode()
    path = written(tmp_path / "both.tar", members)
    (image,) = archive.read(path, "amd64").images
    assert image.digest == platforms[1]["digest"]
    assert image.names == ()
    with pytest.raises(AshoreError, match="linux/arm64, linux/amd64; the machines are"):
        archive.read(path, "riscv64")


@pytest.mark.parametrize("make", [layout, saved])
def test_an_archive_that_is_cut_short_anywhere(make: Any, tmp_path: Path) -> None:
    whole = make(tmp_path / "web.tar").read_bytes()
    short = tmp_path / "short.tar"
    for length in (1, 600, 3000, 6000):
        short.write_bytes(whole[:length])
        assert str(short) in refusal(short)


def test_a_layer_that_was_altered(tmp_path: Path) -> None:
    path = layout(tmp_path / "web.tar")
    path.write_bytes(path.read_bytes().replace(b"layerlayer", b"layerLayer", 1))
    assert f"sha256:{sha256(LAYER)} is not what it should be" in refusal(path)


def test_an_image_for_other_machines(tmp_path: Path) -> None:
    message = refusal(layout(tmp_path / "web.tar", "arm64"))
    assert "is for linux/arm64; the machines are linux/amd64" in message


def test_what_is_no_archive_of_images(tmp_path: Path) -> None:
    text = tmp_path / "text.tar"
    text.write_text("hello " * 500)
    assert "is not a tar archive" in refusal(text)
    packed = tmp_path / "packed.tar"
    packed.write_bytes(b"\x1f\x8b" + bytes(600))
    assert "is compressed" in refusal(packed)
    assert "is not an archive of images" in refusal(written(tmp_path / "a.tar", {"x": b"y"}))
    assert "No such file" in refusal(tmp_path / "nowhere.tar")
    for head in (b"[]", b'{"manifests": 3}', b"{", b'{"manifests": []}', b'{"manifests": [7]}'):
        assert "image" in refusal(written(tmp_path / "b.tar", {"index.json": head}))
