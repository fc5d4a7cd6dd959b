"""An archive of container images, read and checked to the last byte before any of it is used.

Two kinds are known: an OCI layout, which `docker save` writes as well since
version 25, and what `docker save` wrote before.
"""

import hashlib
import json
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ashore.errors import AshoreError, ExitCode

CHUNK = 1 << 20
"""Bytes that are read at once."""

_OCI = "application/vnd.oci.image.manifest.v1+json"
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
_DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_LARGEST_DOCUMENT = 4 << 20
"""Bytes of a manifest or a configuration; registries take no larger ones."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A piece of an image, where it lies in the archive."""

    digest: str
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class Image:
    """An image for the machines' architecture.

    Attributes:
        names: as the archive has them; may be none.
        blobs: the configuration and the layers, each once.
    """

    names: tuple[str, ...]
    media_type: str
    manifest: bytes
    blobs: tuple[Blob, ...]

    @property
    def digest(self) -> str:
        """By which the image is known."""
        return f"sha256:{hashlib.sha256(self.manifest).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Archive:
    """A file with images, all of it as its digests say."""

    path: Path
    size: int
    images: tuple[Image, ...]

    def read(self, blob: Blob) -> Iterator[bytes]:
        """The bytes of a blob, in pieces."""
        return _pieces(self.path, blob.offset, blob.size)


def read(path: Path, architecture: str) -> Archive:
    """Read and check an archive; every byte of its images is hashed.

    Raises:
        AshoreError: not an archive of images, cut short, altered, or for
            other machines. Exit code 2.
    """
    members = _members(path)
    reader = _Reader(path, members, architecture)
    try:
        images = tuple(reader.oci() if "index.json" in members else reader.docker())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _wrong(path, f"is not an archive of images ({error})") from error
    if not images:
        raise _wrong(path, "holds no image")
    return Archive(path, path.stat().st_size, images)


def _wrong(path: Path, what: str, hint: str = "") -> AshoreError:
    return AshoreError(f"{path} {what}", hint, ExitCode.USAGE)


def _members(path: Path) -> dict[str, tarfile.TarInfo]:
    """Every member by its name; where each lies, without reading it."""
    try:
        with path.open("rb") as file:
            if file.read(4)[:2] == b"\x1f\x8b" or path.suffix in (".gz", ".zst", ".xz"):
                raise _wrong(path, "is compressed", "unpack it first: gunzip, unzstd, unxz")
        size = path.stat().st_size
        with tarfile.open(path, "r:") as tar:
            found = {posixpath.normpath(member.name): member for member in tar}
    except tarfile.ReadError as error:
        short = "end of data" in str(error) or "truncated" in str(error)
        raise _wrong(path, "is cut short" if short else "is not a tar archive") from error
    except (tarfile.TarError, OSError, ValueError) as error:
        raise _wrong(path, f"cannot be read: {error}") from error
    if any(m.offset_data + m.size > size for m in found.values() if m.isreg()):
        raise _wrong(path, "is cut short")
    return found


def _pieces(path: Path, offset: int, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while size > 0:
            piece = file.read(min(CHUNK, size))
            if not piece:
                raise _wrong(path, "is cut short")
            size -= len(piece)
            yield piece


class _Reader:
    """One archive, its members known."""

    def __init__(self, path: Path, members: Mapping[str, tarfile.TarInfo], arch: str) -> None:
        self._path = path
        self._members = members
        self._architecture = arch
        self._checked: dict[str, Blob] = {}

    def oci(self) -> Iterator[Image]:
        """The images of an OCI layout; of those for several platforms, the machines' one."""
        index = json.loads(self._document("index.json"))
        for item in index["manifests"]:
            kind, manifest = self._chosen(item)
            named = self._names(item)
            document = json.loads(manifest)
            blobs = [self._blob(each) for each in (document["config"], *document["layers"])]
            self._fits(blobs[0])
            unique = tuple({blob.digest: blob for blob in blobs}.values())
            yield Image(named, kind, manifest, unique)

    def docker(self) -> Iterator[Image]:
        """The images that an older `docker save` wrote."""
        for item in json.loads(self._document("manifest.json")):
            member = self._member(item["Config"])
            stem = posixpath.basename(item["Config"]).removesuffix(".json")
            config = self._hashed(member, f"sha256:{stem}")
            self._fits(config)
            wanted = json.loads(self._bytes(config))["rootfs"]["diff_ids"]
            pairs = zip(item["Layers"], wanted, strict=True)
            layers = [self._hashed(self._member(name), digest) for name, digest in pairs]
            document = {
                "schemaVersion": 2,
                "mediaType": _DOCKER,
                "config": _descriptor(_DOCKER_CONFIG, config),
                "layers": [_descriptor(_DOCKER_LAYER, layer) for layer in layers],
            }
            unique = tuple({blob.digest: blob for blob in (config, *layers)}.values())
            names = tuple(item.get("RepoTags") or ())
            yield Image(names, _DOCKER, json.dumps(document).encode(), unique)

    def _chosen(self, item: Mapping[str, Any]) -> tuple[str, bytes]:
        """Media type and bytes of the manifest that is for the machines."""
        body = self._bytes(self._blob(item))
        kind = str(item.get("mediaType") or json.loads(body).get("mediaType") or _OCI)
        if kind not in _INDEXES:
            return kind, body
        offered: list[str] = []
        for each in json.loads(body)["manifests"]:
            platform = each.get("platform", {})
            offered.append(f"{platform.get('os')}/{platform.get('architecture')}")
            if offered[-1] == f"linux/{self._architecture}":
                return self._chosen(each)
        raise self._other(", ".join(o for o in offered if "unknown" not in o))

    def _names(self, item: Mapping[str, Any]) -> tuple[str, ...]:
        """What the archive calls an image; a tag alone is no name."""
        notes: Mapping[str, str] = item.get("annotations") or {}
        found = [notes[key] for key in _NAMES if key in notes]
        return tuple(name for name in found[:1] if "/" in name or ":" in name)

    def _fits(self, config: Blob) -> None:
        document = json.loads(self._bytes(config))
        platform = f"{document.get('os')}/{document.get('architecture')}"
        if platform != f"linux/{self._architecture}":
            raise self._other(platform)

    def _other(self, platform: str) -> AshoreError:
        return _wrong(
            self._path,
            f"is for {platform or 'no platform'}; the machines are linux/{self._architecture}",
            f"build it with --platform linux/{self._architecture}",
        )

    def _blob(self, item: Mapping[str, Any]) -> Blob:
        kind, _, hexadecimal = str(item["digest"]).partition(":")
        member = self._member(f"blobs/{kind}/{hexadecimal}")
        if member.size != item["size"]:
            raise _wrong(self._path, f"is damaged: {item['digest']} has another size")
        return self._hashed(member, str(item["digest"]))

    def _hashed(self, member: tarfile.TarInfo, digest: str) -> Blob:
        """The blob, once its bytes are what its digest says."""
        if digest not in self._checked:
            seen = hashlib.sha256()
            for piece in _pieces(self._path, member.offset_data, member.size):
                seen.update(piece)
            if digest != f"sha256:{seen.hexdigest()}":
                raise _wrong(self._path, f"is damaged: {digest} is not what it should be")
            self._checked[digest] = Blob(digest, member.size, member.offset_data)
        return self._checked[digest]

    def _member(self, name: str) -> tarfile.TarInfo:
        """A file of the archive; an older `docker save` links layers that are the same."""
        member = self._members.get(posixpath.normpath(name))
        if member is not None and member.issym():
            folder = posixpath.dirname(member.name)
            member = self._members.get(posixpath.normpath(posixpath.join(folder, member.linkname)))
        if member is None or not member.isreg():
            raise _wrong(self._path, f"is not complete: {name} is not in it")
        return member

    def _document(self, name: str) -> bytes:
        if name not in self._members:
            raise _wrong(
                self._path, "is not an archive of images", "`docker save` writes one, for example"
            )
        member = self._member(name)
        return self._bytes(Blob("", member.size, member.offset_data))

    def _bytes(self, blob: Blob) -> bytes:
        if blob.size > _LARGEST_DOCUMENT:
            raise _wrong(self._path, f"is not an archive of images: {blob.digest} is too large")
        return b"".join(_pieces(self._path, blob.offset, blob.size))


def _descriptor(media_type: str, blob: Blob) -> dict[str, object]:
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}
