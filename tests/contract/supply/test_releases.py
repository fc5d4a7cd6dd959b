import json
import tarfile
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from ashore.errors import AshoreError
from ashore.events import ignore
from ashore.supply import obtain
from ashore.supply.base import planned
from ashore.supply.releases import Releases, reachable
from ashore.supply.versions import versions

from .site import Site, serve, upstream

V = versions("1.37.2")


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with serve(upstream(V)) as running:
        yield running


async def take(site: Site, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = ("registry.k8s.io", "ghcr.io", "docker.io", "quay.io")
    registries = dict.fromkeys(hosts, site.base)
    releases = Releases(site.base, site.base, registries, pause=0.001)
    monkeypatch.setattr(obtain, "supplies", lambda kind: (releases,))  # pyright: ignore
    await obtain.obtain("releases", V, cache, ignore)


async def test_everything_is_fetched_and_laid_out(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(site, tmp_path, monkeypatch)
    programs = planned(V, tmp_path)
    tree = programs.tree
    assert sorted(p.name for p in (tree / "usr/bin").iterdir()) == [
        "containerd",
        "containerd-shim-runc-v2",
        "coredns",
        "ctr",
        "etcdctl",
        "kubeadm",
        "kubectl",
        "kubelet",
        "runc",
    ]
    assert sorted(p.name for p in (tree / "opt/cni/bin").iterdir()) == [
        "bridge",
        "flannel",
        "host-local",
        "loopback",
        "portmap",
    ]
    assert (tree / "usr/bin/kubelet").read_text() == "kubelet program"
    assert (tree / "usr/bin/runc").stat().st_mode & 0o777 == 0o755
    assert len(programs.images) == 12
    assert programs.bare is None
    assert sorted(p.name for p in programs.place.iterdir()) == ["images", "tree"]


async def test_an_image_keeps_its_name_and_the_blobs_of_this_platform(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(site, tmp_path, monkeypatch)
    with tarfile.open(planned(V, tmp_path).place / "images/pause.tar") as tar:
        index = json.load(tar.extractfile("index.json"))  # pyright: ignore
        names = set(tar.getnames())
    head = index["manifests"][0]
    assert head["annotations"]["io.containerd.image.name"] == "registry.k8s.io/pause:3.10.2"
    assert "blobs/sha256/" + head["digest"].removeprefix("sha256:") in names
    assert len(names) == 5


async def test_a_registry_that_wants_a_token_gets_one(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.token = "anonymous"
    await take(site, tmp_path, monkeypatch)
    assert any(path.startswith("/token?service=s&scope=") for path in site.asked)


async def test_a_busy_server_is_asked_again(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = next(p for p in site.files if p.endswith("/kubelet"))
    site.busy[path] = 2
    await take(site, tmp_path, monkeypatch)
    assert site.asked.count(path) == 3


def wrong_checksum(site: Site) -> str:
    path = next(p for p in site.files if p.endswith("/kubeadm"))
    site.files[path] = b"tampered"
    return "wrong checksum"


def wrong_blob(site: Site) -> str:
    path = next(p for p in site.files if "/v2/etcd/blobs/" in p)
    site.files[path] = b"tampered"
    return "wrong checksum"


def wrong_manifest(site: Site) -> str:
    path = next(p for p in site.files if "/v2/pause/manifests/sha256:" in p)
    site.files[path] += b" "
    return "another manifest"


def cut_short(site: Site) -> str:
    path = next(p for p in site.files if p.endswith(".tgz"))
    site.cut.add(path)
    return path


def not_there(site: Site) -> str:
    path = next(p for p in site.files if p.endswith(".tar.gz"))
    del site.files[path]
    return "404 Not Found"


def no_checksum(site: Site) -> str:
    path = next(p for p in site.files if p.endswith("/SHA256SUMS"))
    site.files[path] = b"<html>maintenance</html>"
    return "no SHA-256 of etcd-v"


def always_busy(site: Site) -> str:
    path = next(p for p in site.files if p.endswith("/kubectl"))
    site.busy[path] = 99
    return "503 Service Unavailable"


@pytest.mark.parametrize(
    "spoil",
    [wrong_checksum, wrong_blob, wrong_manifest, cut_short, not_there, no_checksum, always_busy],
    ids=lambda f: f.__name__,
)
async def test_a_fault_is_told_in_one_error_and_nothing_is_kept(
    spoil: Callable[[Site], str], site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = spoil(site)
    with pytest.raises(AshoreError) as caught:
        await take(site, tmp_path, monkeypatch)
    assert expected in caught.value.message
    assert [p.suffix for p in (tmp_path / "programs").iterdir()] == [".lock"]


async def test_reachable_asks_the_release_site(site: Site) -> None:
    assert not await reachable(2.0, site.base)
    site.publish("/release/stable.txt", b"v1.37.2")
    assert await reachable(2.0, site.base)


async def test_nobody_there_is_not_reachable() -> None:
    assert not await reachable(1.0, "http://127.0.0.1:9")
