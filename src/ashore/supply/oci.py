"""Container images written directly: OCI-layout tars with the same bytes every time."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a layer: a file's content, a link's target, or a directory."""

    path: str
    source: Path | bytes | None = None
    link: str = ""
    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class Spec:
    """What an image runs; `name` is the full reference that the cluster asks for."""

    name: str
    architecture: str
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    env: tuple[str, ...] = (_PATH,)
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


def write_layer(path: Path, entries: Iterable[Entry]) -> None:
    """Write an uncompressed layer: owner root, time 0, parents before children."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        seen: set[str] = set()
        for item in sorted(entries, key=lambda e: e.path):
            for parent in reversed(Path(item.path).parents):
                name = str(parent)
                if name not in (".", *seen):
                    seen.add(name)
                    tar.addfile(_info(name, tarfile.DIRTYPE, 0o755))
            _add(tar, item)
            seen.add(item.path)


def _info(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = kind, mode
    return info


def _add(tar: tarfile.TarFile, item: Entry) -> None:
    if item.link:
        info = _info(item.path, tarfile.SYMTYPE, 0o777)
        info.linkname = item.link
        tar.addfile(info)
    elif item.source is None:
        tar.addfile(_info(item.path, tarfile.DIRTYPE, item.mode))
    else:
        info = _info(item.path, tarfile.REGTYPE, item.mode)
        if isinstance(item.source, bytes):
            info.size = len(item.source)
            tar.addfile(info, io.BytesIO(item.source))
        else:
            info.size = item.source.stat().st_size
            with item.source.open("rb") as file:
                tar.addfile(info, file)


def write_image(path: Path, spec: Spec, layers: Iterable[Path]) -> None:
    """Write an image of these layer files (lowest first) as an OCI-layout tar."""
    described = [(layer, *_sha256(layer)) for layer in layers]
    config = _json(
        {
            "architecture": spec.architecture,
            "os": "linux",
            "config": {
                "Env": list(spec.env),
                "Entrypoint": list(spec.entrypoint),
                "User": spec.user,
                "Labels": dict(spec.labels),
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{d}" for _, d, _ in described]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": descriptor(_CONFIG, config),
            "layers": [
                {"mediaType": _LAYER, "digest": f"sha256:{d}", "size": size}
                for _, d, size in described
            ],
        }
    )
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        write_head(tar, spec.name, descriptor(_MANIFEST, manifest))
        for blob in (config, manifest):
            _add(tar, Entry(_blob(hashlib.sha256(blob).hexdigest()), blob, mode=0o644))
        for layer, digest, _ in described:
            _add(tar, Entry(_blob(digest), layer, mode=0o644))


def write_head(tar: tarfile.TarFile, name: str, manifest: Mapping[str, object]) -> None:
    """Begin an OCI-layout tar: the layout file and the index that names the image."""
    annotations = {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }
    index = {
        "schemaVersion": 2,
        "mediaType": _INDEX,
        "manifests": [{**manifest, "annotations": annotations}],
    }
    _add(tar, Entry("oci-layout", _json({"imageLayoutVersion": "1.0.0"}), mode=0o644))
    _add(tar, Entry("index.json", _json(index), mode=0o644))


def add_blob(tar: tarfile.TarFile, blob: Path) -> None:
    """Add a blob whose file is named by its SHA-256 in hexadecimal."""
    _add(tar, Entry(_blob(blob.name), blob, mode=0o644))


def descriptor(media_type: str, blob: bytes) -> dict[str, object]:
    """An OCI descriptor of a blob."""
    digest = hashlib.sha256(blob).hexdigest()
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(blob)}


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _sha256(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
