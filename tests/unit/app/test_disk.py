from collections.abc import Iterator
from pathlib import Path

import pytest

from ashore.app import disk, select
from ashore.app.disk import Wish
from ashore.errors import AshoreError, ExitCode
from ashore.image import disksteps, tree
from ashore.image.distributions import Distribution
from ashore.supply.machine import architecture

NOTHING = Wish(None, None, ("qcow2",), None)


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[select.Chosen]:
    yield _chosen(tmp_path, monkeypatch, "")


def _chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> select.Chosen:
    monkeypatch.setenv("ASHORE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ASHORE_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "stack.yaml"
    file.write_text(f"apiVersion: ashore/v1\nkind: Stack\n{text}")

    class Target:
        file: Path | None = tmp_path / "stack.yaml"
        stack: str | None = None

    return select.select(Target())


def test_the_command_line_comes_before_the_file(chosen: select.Chosen) -> None:
    assert disk.order(chosen, NOTHING).row.name == "debian/trixie"
    wish = Wish("ubuntu/noble", architecture(), ("raw",), None)
    assert disk.order(chosen, wish).row.name == "ubuntu/noble"


def test_another_architecture_is_refused(chosen: select.Chosen) -> None:
    other = {"amd64": "arm64", "arm64": "amd64"}[architecture()]
    with pytest.raises(AshoreError, match=f"for {other} cannot be built here") as caught:
        disk.order(chosen, Wish(None, other, ("raw",), None))
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_file_is_no_place_for_files(chosen: select.Chosen, tmp_path: Path) -> None:
    with pytest.raises(AshoreError, match="is no directory"):
        disk.order(chosen, Wish(None, None, ("raw",), tmp_path / "stack.yaml"))


async def test_only_root_builds(chosen: select.Chosen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(AshoreError, match="image build needs root"):
        await disk.build(chosen, NOTHING, lambda _event: None, ask=False)


def test_packages_only_for_what_is_not_cached(chosen: select.Chosen) -> None:
    order = disk.order(chosen, NOTHING)
    assert {"mmdebstrap", "lvm2", "mtools", "qemu-utils"} <= set(disksteps.host_packages(order))
    order.tree.mkdir(parents=True)
    order.raw.parent.mkdir(parents=True)
    order.raw.touch()
    assert disksteps.host_packages(order) == ("qemu-utils",)


async def test_steps_are_in_place_once_their_files_are(chosen: select.Chosen) -> None:
    order = disk.order(chosen, NOTHING)
    every = disksteps.steps(order, lambda _event: None)
    assert [step.key for step in every] == [
        "image/rootfs",
        "image/tree",
        "image/disk",
        "image/qcow2",
    ]
    assert all([await step.drift() for step in every])
    order.tree.mkdir(parents=True)
    for file in (order.raw, order.made(order.formats[0])):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"x")
    assert [await step.drift() for step in every[1:]] == [[], [], []]
    found = disk.report(order, {"disk": 6.0})
    assert [each["format"] for each in found["files"]] == ["qcow2"]


async def test_the_doctor_asks_only_for_what_the_file_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(row: Distribution) -> None:
        raise AshoreError(f"the archive of {row.title} does not answer: http://x\ndetails")

    monkeypatch.setattr(tree, "reachable", silent)
    assert await disk.findings(_chosen(tmp_path, monkeypatch, "")) == []
    chosen = _chosen(tmp_path, monkeypatch, "disk: {os: ubuntu/noble}\n")
    (found,) = await disk.findings(chosen)
    assert found.what == "the archive of Ubuntu 24.04 does not answer: http://x"
