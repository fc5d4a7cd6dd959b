"""What every driver makes its machines from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Image:
    """The golden image as directories on the host, read-only by convention.

    Attributes:
        digest: of everything that went in; a machine made from another digest
            is still valid, new machines take the new one.
        layers: root file system, uppermost layer first (overlayfs order):
            the programs (`usr/bin/kubelet`, `opt/cni/bin/...`), then the
            distribution.
        golden: data directory in the machine -> its golden content on the
            host (`/var/lib/containerd` with every image imported).
    """

    digest: str
    layers: tuple[Path, ...]
    golden: Mapping[str, Path]
