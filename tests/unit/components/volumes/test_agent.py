import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from ashore.components.volumes.agent.disk import Space, parse
from ashore.components.volumes.agent.kube import Kube, NoAnswerError, Reply
from ashore.components.volumes.agent.lease import SECONDS, Lease
from ashore.components.volumes.agent.mounts import Mount, Watch, broken, shared
from ashore.components.volumes.agent.quantity import parse as quantity
from ashore.components.volumes.agent.quantity import show
from ashore.pki.authority import issue, make_ca

from .fakes import FakeKube

DF = """\
   1B-blocks        Used       Avail File
107374182400 53687091200 53687091200 /srv/shared
    67108864     1048576    66060288 /srv/shared/volumes/pvc-1
           -           -           - /srv/shared/volumes/pvc-2
"""

UID = "0a1b2c3d-0000-1111-2222-333344445555"
OTHER = "ffffffff-0000-1111-2222-333344445555"
PODS = "/var/lib/kubelet/pods"


@pytest.mark.parametrize(
    ("text", "size"),
    [("1Gi", 1 << 30), ("1.5Mi", 3 << 19), ("64M", 64_000_000), ("1e3", 1000), ("1E", 10**18),
     ("100m", 1), ("0", 0), ("7", 7)],
)  # fmt: skip
def test_quantities(text: str, size: int) -> None:
    assert quantity(text) == size


@pytest.mark.parametrize("text", ["", "Gi", "1Xi", "one"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError):
        quantity(text)


def test_sizes_for_people() -> None:
    assert [show(n) for n in (512, 1 << 20, 3 << 29)] == ["512", "1Mi", "1.5Gi"]


def test_df_without_what_is_not_there() -> None:
    assert parse(DF) == {
        "/srv/shared": Space(107374182400, 53687091200, 53687091200),
        "/srv/shared/volumes/pvc-1": Space(67108864, 1048576, 66060288),
    }


def lines(*mounts: tuple[str, str, str]) -> str:
    return "".join(
        f"36 35 {device} /volumes/x {path} rw,relatime shared:1 - {kind} st1:/shared rw\n"
        for device, path, kind in mounts
    )


def test_only_gluster_mounts_count() -> None:
    text = lines(("0:50", "/srv/shared", "fuse.glusterfs"), ("8:1", "/", "ext4"))
    assert shared(text) == [Mount("0:50", "/srv/shared")]


def test_pods_on_another_device_than_the_mount_are_broken() -> None:
    mounts = [
        Mount("0:50", f"{PODS}/{UID}/volumes/kubernetes.io~local-volume/pvc-1"),
        Mount("0:51", "/srv/shared"),
        Mount("0:51", f"{PODS}/{OTHER}/volumes/kubernetes.io~local-volume/pvc-1"),
        Mount("0:50", "/mnt/elsewhere"),
    ]
    assert broken(mounts, "/srv/shared") == {UID}
    assert broken(mounts[:1], "/srv/shared") is None
    assert broken([*mounts, Mount("0:50", "/srv/shared")], "/srv/shared") == {OTHER}


async def test_broken_pods_are_deleted_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(
        lines(
            ("0:51", "/srv/shared", "fuse.glusterfs"),
            ("0:50", f"{PODS}/{UID}/volumes/kubernetes.io~local-volume/pvc-1", "fuse.glusterfs"),
        )
    )
    monkeypatch.setattr("ashore.components.volumes.agent.mounts._MOUNTS", mountinfo)
    kube = FakeKube()
    pods = [
        {"metadata": {"uid": uid, "namespace": "web", "name": name}}
        for uid, name in ((UID, "broken"), (OTHER, "well"))
    ]
    kube.lists = {"/api/v1/pods?fieldSelector=spec.nodeName=w1": pods}
    await Watch(cast("Kube", kube), "w1", "/srv/shared", "shared-volume.service").look()
    assert kube.changes("DELETE") == [
        ("/api/v1/namespaces/web/pods/broken", {"preconditions": {"uid": UID}})
    ]


class LeaseApi:
    """Holds one Lease, with the conflicts of a real one."""

    def __init__(self) -> None:
        self.object: dict[str, Any] = {"metadata": {"resourceVersion": "1"}}

    async def call(self, method: str, path: str, body: Any = None) -> Reply:
        if method == "GET":
            return Reply(200, {**self.object, "metadata": dict(self.object["metadata"])})
        if body["metadata"]["resourceVersion"] != self.object["metadata"]["resourceVersion"]:
            return Reply(409, {"message": "conflict"})
        version = int(body["metadata"]["resourceVersion"]) + 1
        self.object = {**body, "metadata": {"resourceVersion": str(version)}}
        return Reply(200, self.object)


async def test_one_holds_the_lease_until_it_no_longer_renews() -> None:
    api, now = LeaseApi(), 100.0
    one, two = (Lease(cast("Kube", api), "/lease", m, lambda: now) for m in ("st1", "st2"))
    for lease in (one, two):
        await lease.renew()
    assert (one.held, two.held) == (True, False)
    now += SECONDS - 1
    await two.renew()
    assert (one.held, two.held) == (False, False)
    await one.renew()
    now += 2
    await two.renew()
    assert (one.held, two.held) == (True, False)
    now += SECONDS
    await two.renew()
    assert (one.held, two.held) == (False, True)


@asynccontextmanager
async def server(tmp_path: Path, answer: bytes) -> AsyncGenerator[Kube]:
    """An API on loopback that wants a client certificate and gives one answer."""
    ca = make_ca("test")
    (tmp_path / "ca.pem").write_bytes(ca.cert)
    (tmp_path / "server.pem").write_bytes(issue(ca, "api", dns=["localhost"], server=True).bundle())
    (tmp_path / "client.pem").write_bytes(issue(ca, "st1", client=True).bundle())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "ca.pem")
    context.load_cert_chain(tmp_path / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield Kube("localhost", str(tmp_path / "ca.pem"), str(tmp_path / "client.pem"), port)


HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"


async def test_a_list(tmp_path: Path) -> None:
    body = b'{"metadata":{"resourceVersion":"9"},"items":[{"a":1}]}'
    async with server(tmp_path, HEAD + body) as kube:
        assert await kube.items("/api/v1/x") == ([{"a": 1}], "9")


async def test_a_refusal_says_what_the_api_said(tmp_path: Path) -> None:
    refused = b'HTTP/1.0 403 Forbidden\r\n\r\n{"message":"may not list"}'
    async with server(tmp_path, refused) as kube:
        assert (await kube.call("GET", "/x")).wrong() == "403: may not list"
        with pytest.raises(NoAnswerError, match="may not list"):
            await kube.items("/x")


async def test_changes_come_one_by_one(tmp_path: Path) -> None:
    body = b'{"type":"ADDED","object":{}}\n{"type":"MODIFIED","object":{}}\n'
    async with server(tmp_path, HEAD + body) as kube:
        assert len([change async for change in kube.changes("/x", "9", 5)]) == 2


async def test_a_version_that_is_too_old_is_no_change(tmp_path: Path) -> None:
    body = b'{"type":"ERROR","object":{"code":410}}\n'
    async with server(tmp_path, HEAD + body) as kube:
        with pytest.raises(NoAnswerError, match="410"):
            async for _ in kube.changes("/x", "9", 5):
                pass


async def test_nobody_there() -> None:
    kube = Kube("localhost", "/nowhere", "/nowhere", 9)
    with pytest.raises(NoAnswerError):
        await kube.call("GET", "/x")
