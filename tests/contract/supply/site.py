"""A release site on loopback: the paths of the real ones, tiny programs."""

import asyncio
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ashore.supply.images import names
from ashore.supply.machine import architecture
from ashore.supply.versions import Versions

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Site:
    """What is served: path -> body. `cut`: paths whose body ends too soon."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    cut: set[str] = field(default_factory=set[str])
    busy: dict[str, int] = field(default_factory=dict[str, int])
    asked: list[str] = field(default_factory=list[str])
    token: str = ""
    base: str = ""

    def publish(self, path: str, body: bytes) -> None:
        self.files[path] = body

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str], bytes]:
        self.asked.append(path)
        if self.busy.get(path, 0) > 0:
            self.busy[path] -= 1
            return "503 Service Unavailable", {}, b""
        if path.startswith("/token?"):
            return "200 OK", {}, json.dumps({"token": self.token}).encode()
        guarded = self.token and path.startswith("/v2/")
        if guarded and headers.get("authorization") != f"Bearer {self.token}":
            challenge = f'Bearer realm="{self.base}/token",service="s",scope="repository:x:pull"'
            return "401 Unauthorized", {"WWW-Authenticate": challenge}, b""
        if path not in self.files:
            return "404 Not Found", {}, b"no such file"
        return "200 OK", {}, self.files[path]


@asynccontextmanager
async def serve(site: Site) -> AsyncGenerator[Site]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        path = head[0].split()[1]
        pairs = (line.partition(": ")[::2] for line in head[1:] if line)
        status, headers, body = site.answer(path, {k.lower(): v for k, v in pairs})
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{k}: {v}" for k, v in headers.items()]
        shown = body[: len(body) // 2] if path in site.cut else body
        writer.write("\r\n".join([*lines, "", ""]).encode() + shown)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        site.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield site


def upstream(v: Versions) -> Site:
    """Everything that a release supply asks for."""
    site, arch = Site(), architecture()
    for name in ("kubelet", "kubeadm", "kubectl"):
        path = f"/release/v{v.kubernetes}/bin/linux/{arch}/{name}"
        body = f"{name} program".encode()
        site.publish(path, body)
        site.publish(f"{path}.sha256", _sum(body).encode())
    _archive(
        site,
        f"/containerd/containerd/releases/download/v{v.containerd}",
        f"containerd-{v.containerd}-linux-{arch}.tar.gz",
        ["bin/containerd", "bin/containerd-shim-runc-v2", "bin/ctr", "bin/containerd-stress"],
        ".sha256sum",
    )
    _archive(
        site,
        f"/containernetworking/plugins/releases/download/v{v.cni}",
        f"cni-plugins-linux-{arch}-v{v.cni}.tgz",
        ["./bridge", "./loopback", "./host-local", "./portmap", "./dhcp"],
        ".sha256",
    )
    _archive(
        site,
        f"/flannel-io/cni-plugin/releases/download/v{v.flannel_plugin}",
        f"cni-plugin-flannel-linux-{arch}-v{v.flannel_plugin}.tgz",
        [f"flannel-{arch}"],
        ".sha256",
    )
    runc = f"/opencontainers/runc/releases/download/v{v.runc}"
    site.publish(f"{runc}/runc.{arch}", b"runc program")
    site.publish(f"{runc}/runc.sha256sum", f"{_sum(b'runc program')} *runc.{arch}\n".encode())
    etcd, folder = f"/etcd-io/etcd/releases/download/v{v.etcd}", f"etcd-v{v.etcd}-linux-{arch}"
    _archive(site, etcd, f"{folder}.tar.gz", [f"{folder}/etcd", f"{folder}/etcdctl"], None)
    _archive(
        site,
        f"/coredns/coredns/releases/download/v{v.coredns}",
        f"coredns_{v.coredns}_linux_{arch}.tgz",
        ["coredns"],
        ".sha256",
    )
    for name in names(v):
        _image(site, name, arch)
    return site


def _archive(site: Site, place: str, name: str, members: list[str], suffix: str | None) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member in members:
            body = f"{member.rpartition('/')[2]} program".encode()
            info = tarfile.TarInfo(member)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    site.publish(f"{place}/{name}", out.getvalue())
    sums = f"{name}{suffix}" if suffix else "SHA256SUMS"
    site.publish(f"{place}/{sums}", f"{_sum(out.getvalue())}  {name}\n".encode())


def _image(site: Site, name: str, arch: str) -> None:
    repository, _, tag = name.partition("/")[2].rpartition(":")
    place = f"/v2/{repository}"

    def blob(body: bytes) -> dict[str, object]:
        site.publish(f"{place}/blobs/sha256:{_sum(body)}", body)
        return {"digest": f"sha256:{_sum(body)}", "size": len(body)}

    body = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": blob(json.dumps({"image": name}).encode()),
        "layers": [blob(f"layer of {name}".encode())],
    }
    manifest = json.dumps(body).encode()
    digest = f"sha256:{_sum(manifest)}"
    site.publish(f"{place}/manifests/{digest}", manifest)
    index = {
        "schemaVersion": 2,
        "mediaType": _INDEX,
        "manifests": [
            {"digest": f"sha256:{'0' * 64}", "platform": {"os": "linux", "architecture": "mips"}},
            {"digest": digest, "platform": {"os": "linux", "architecture": arch}},
        ],
    }
    site.publish(f"{place}/manifests/{tag}", json.dumps(index).encode())


def _sum(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
