"""Programs and images from where their projects publish them, checksums verified."""

import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ashore.errors import AshoreError
from ashore.events import Emit, Output
from ashore.host.run import CommandFailed, run
from ashore.supply import images
from ashore.supply.base import Room
from ashore.supply.download import Downloads, checksum
from ashore.supply.machine import architecture
from ashore.supply.registry import Registry
from ashore.supply.versions import Versions

_KUBERNETES = "https://dl.k8s.io"
_GITHUB = "https://github.com"
_BLOCK = 1 << 20

# The programs and images take 1.2 GiB.
_ROOM = 3 * 1024**3 // 2

# In a process of its own, because a name server that does not answer holds up
# the thread that asks it long after the deadline.
_PROBE = (
    "import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=float(sys.argv[2])).read(1)"
)


@dataclass(frozen=True, slots=True)
class Release:
    """A published file.

    Attributes:
        checksum: the URL of the file that has its SHA-256.
        members: name in the archive -> path in the tree; for a file that is
            no archive, the one pair of its own name and that path.
    """

    url: str
    checksum: str
    members: Mapping[str, str]

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.url.rpartition("/")[2]


class Releases:
    """The upstream release sites; every base URL can be another one (a mirror).

    Args:
        registries: registry in an image's name -> base URL to ask instead.
        pause: seconds before the first repetition of a failed request.
    """

    name = "releases"

    def __init__(
        self,
        kubernetes: str = _KUBERNETES,
        github: str = _GITHUB,
        registries: Mapping[str, str] | None = None,
        pause: float = 0.5,
    ) -> None:
        self._kubernetes = kubernetes
        self._github = github
        self._registries = registries or {}
        self._pause = pause

    def host_packages(self) -> tuple[str, ...]:
        """Nothing: Python does it all."""
        return ()

    def room(self, cache: Path) -> Room:
        """The programs and images, and their archives until they are unpacked."""
        return Room(_ROOM, _ROOM)

    async def answers(self) -> bool:
        """Whether the release site can be reached from this host."""
        return await reachable(base=self._kubernetes)

    async def fill(self, versions: Versions, place: Path, cache: Path, emit: Emit) -> None:
        """Download everything; about 400 MB."""
        async with Downloads(self._pause) as downloads:
            await self._programs(downloads, versions, place, emit)
            await self._images(downloads, versions, place, emit)

    async def _programs(
        self, downloads: Downloads, versions: Versions, scratch: Path, emit: Emit
    ) -> None:
        for release in self._published(versions, architecture()):
            emit(Output("supply", f"downloading {release.url}"))
            text = (await downloads.get(release.checksum)).decode(errors="replace")
            target = scratch / release.name
            await downloads.file(release.url, target, checksum(text, release.name))
            _install(target, release, scratch / "tree")
            target.unlink()

    async def _images(
        self, downloads: Downloads, versions: Versions, scratch: Path, emit: Emit
    ) -> None:
        for folder in ("images", "blobs"):
            (scratch / folder).mkdir()
        for recipe in images.RECIPES:
            name = versions.image(recipe.image)
            emit(Output("supply", f"pulling {name}"))
            host = name.partition("/")[0]
            base = self._registries.get(host) or f"https://{_SERVED_BY.get(host, host)}"
            registry = Registry(downloads, base)
            target = scratch / "images" / f"{recipe.image}.tar"
            await registry.pull(name, architecture(), target, scratch / "blobs")
        (scratch / "blobs").rmdir()

    def _published(self, v: Versions, arch: str) -> list[Release]:
        """Every published file that the tree is made of."""
        kubernetes = f"{self._kubernetes}/release/v{v.kubernetes}/bin/linux/{arch}"
        found = [
            Release(
                f"{kubernetes}/{name}", f"{kubernetes}/{name}.sha256", {name: f"usr/bin/{name}"}
            )
            for name in ("kubelet", "kubeadm", "kubectl")
        ]
        containerd = self._on_github("containerd/containerd", v.containerd)
        containerd += f"/containerd-{v.containerd}-linux-{arch}.tar.gz"
        runc = self._on_github("opencontainers/runc", v.runc)
        cni = self._on_github("containernetworking/plugins", v.cni)
        cni += f"/cni-plugins-linux-{arch}-v{v.cni}.tgz"
        flannel = self._on_github("flannel-io/cni-plugin", v.flannel_plugin)
        flannel += f"/cni-plugin-flannel-linux-{arch}-v{v.flannel_plugin}.tgz"
        etcd = self._on_github("etcd-io/etcd", v.etcd)
        coredns = self._on_github("coredns/coredns", v.coredns)
        coredns += f"/coredns_{v.coredns}_linux_{arch}.tgz"
        archive = f"etcd-v{v.etcd}-linux-{arch}"
        return [
            *found,
            Release(
                containerd,
                f"{containerd}.sha256sum",
                {f"bin/{n}": f"usr/bin/{n}" for n in ("containerd", _SHIM, "ctr")},
            ),
            Release(f"{runc}/runc.{arch}", f"{runc}/runc.sha256sum", {f"runc.{arch}": _RUNC}),
            Release(cni, f"{cni}.sha256", {n: f"{_CNI}/{n}" for n in _PLUGINS}),
            Release(flannel, f"{flannel}.sha256", {f"flannel-{arch}": f"{_CNI}/flannel"}),
            Release(
                f"{etcd}/{archive}.tar.gz",
                f"{etcd}/SHA256SUMS",
                {f"{archive}/etcdctl": "usr/bin/etcdctl"},
            ),
            Release(coredns, f"{coredns}.sha256", {"coredns": "usr/bin/coredns"}),
        ]

    def _on_github(self, project: str, version: str) -> str:
        return f"{self._github}/{project}/releases/download/v{version}"


# The one registry whose name in references is not that of its server.
_SERVED_BY = {"docker.io": "registry-1.docker.io"}

_SHIM = "containerd-shim-runc-v2"
_RUNC = "usr/bin/runc"
_CNI = "opt/cni/bin"
_PLUGINS = ("bridge", "loopback", "host-local", "portmap")


def _install(file: Path, release: Release, tree: Path) -> None:
    """Put a release's programs into the tree. Raises AshoreError if one is not in it."""
    if release.name in release.members:
        with file.open("rb") as source:
            _write(source, tree / release.members[release.name])
        return
    missing = set(release.members)
    with tarfile.open(file) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            source = tar.extractfile(member) if name in missing else None
            if source is not None:
                missing.discard(name)
                _write(source, tree / release.members[name])
    if missing:
        raise AshoreError(f"{release.url} does not hold {', '.join(sorted(missing))}")


def _write(source: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        while block := source.read(_BLOCK):
            out.write(block)
    target.chmod(0o755)


async def reachable(timeout: float = 3.0, base: str = _KUBERNETES) -> bool:
    """Whether an upstream release site answers within `timeout` seconds.

    Decides what `supply: auto` takes and whether `network.uplink: auto` is on.
    """
    url = f"{base}/release/stable.txt"
    argv = [sys.executable, "-I", "-c", _PROBE, url, str(timeout)]
    try:
        done = await run(argv, timeout=timeout + 1, check=False)
    except CommandFailed:
        return False
    return done.returncode == 0
