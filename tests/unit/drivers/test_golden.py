from pathlib import Path

import pytest

from ashore.drivers.nspawn import golden

DATABASE = "io.containerd.metadata.v1.bolt/meta.db"
IDENTITY = "io.containerd.grpc.v1.introspection/uuid"


async def test_without_content_it_is_empty(tmp_path: Path) -> None:
    await golden.fill(tmp_path / "data/var/lib/etcd", None)
    assert list((tmp_path / "data/var/lib/etcd").iterdir()) == []


@pytest.mark.spawns
async def test_a_clone_shares_blobs_but_neither_databases_nor_identity(tmp_path: Path) -> None:
    store = tmp_path / "golden"
    for name in ("content/blob", DATABASE, IDENTITY):
        (store / name).parent.mkdir(parents=True)
        (store / name).write_text("golden")
    target = tmp_path / "data/var/lib/containerd"
    await golden.fill(target, store)
    assert (target / "content/blob").samefile(store / "content/blob")
    (target / DATABASE).write_text("changed")
    assert (store / DATABASE).read_text() == "golden"
    assert not (target / IDENTITY).exists()
