"""Images pulled from a registry by the OCI distribution protocol, anonymously."""

import hashlib
import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ashore.errors import AshoreError
from ashore.supply.download import Downloads, NotGiven
from ashore.supply.oci import add_blob, descriptor, write_head

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_UNAUTHORIZED = 401


class Registry:
    """One registry, for one repository at a time."""

    def __init__(self, downloads: Downloads, base: str) -> None:
        self._downloads = downloads
        self._base = base.rstrip("/")
        self._token: dict[str, str] = {}

    async def pull(self, name: str, architecture: str, target: Path, scratch: Path) -> None:
        """Write the image's OCI-layout tar at `target`, every blob verified.

        Args:
            name: full reference, `registry.k8s.io/coredns/coredns:v1.14.6`;
                which server is asked is the registry's base URL.
            scratch: an empty directory for the blobs; emptied again.

        Raises:
            AshoreError: not there, no such platform, or a wrong digest.
        """
        repository, _, tag = name.partition("/")[2].rpartition(":")
        kind, body = await self._manifest(repository, tag)
        if kind in _INDEXES:
            chosen = _platform(json.loads(body), architecture, name)
            kind, body = await self._manifest(repository, chosen)
            _verify(body, chosen, name)
        manifest = json.loads(body)
        blobs = {item["digest"]: item for item in (manifest["config"], *manifest["layers"])}
        for digest in blobs:
            hexadecimal = _sha256(digest, name)
            url = f"{self._base}/v2/{repository}/blobs/{digest}"
            await self._downloads.file(url, scratch / hexadecimal, hexadecimal, self._token)
        (scratch / hashlib.sha256(body).hexdigest()).write_bytes(body)
        with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
            write_head(tar, name, descriptor(kind, body))
            for blob in sorted(scratch.iterdir()):
                add_blob(tar, blob)
                blob.unlink()

    async def _manifest(self, repository: str, reference: str) -> tuple[str, bytes]:
        """Media type and bytes of a manifest; a token is fetched when one is wanted."""
        url = f"{self._base}/v2/{repository}/manifests/{reference}"
        accept = {"Accept": ", ".join(_INDEXES + _MANIFESTS)}
        try:
            body = await self._downloads.get(url, {**accept, **self._token})
        except NotGiven as error:
            if error.status != _UNAUTHORIZED or self._token:
                raise
            self._token = await self._authorize(error)
            body = await self._downloads.get(url, {**accept, **self._token})
        return str(json.loads(body).get("mediaType", _MANIFESTS[0])), body

    async def _authorize(self, refused: NotGiven) -> dict[str, str]:
        fields = dict(re.findall(r'(\w+)="([^"]*)"', refused.challenge))
        realm = fields.pop("realm", "")
        if not realm:
            raise refused
        answer = json.loads(await self._downloads.get(f"{realm}?{urlencode(fields)}"))
        return {"Authorization": f"Bearer {answer.get('token') or answer['access_token']}"}


def _platform(index: Mapping[str, Any], architecture: str, name: str) -> str:
    for item in index["manifests"]:
        platform = item.get("platform", {})
        if platform.get("os") == "linux" and platform.get("architecture") == architecture:
            return str(item["digest"])
    raise AshoreError(f"{name}: the registry has no image of it for linux/{architecture}")


def _sha256(digest: str, name: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise AshoreError(f"{name}: a digest of an unknown kind: {digest}")
    return digest.removeprefix("sha256:")


def _verify(body: bytes, digest: str, name: str) -> None:
    got = hashlib.sha256(body).hexdigest()
    if got != _sha256(digest, name):
        raise AshoreError(
            f"{name}: the registry gave another manifest\n"
            f"  wanted  {digest}\n  got     sha256:{got}"
        )
