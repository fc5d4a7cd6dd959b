from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from ashore.drivers.base import Level
from ashore.drivers.nspawn import preflight, settings
from ashore.drivers.shared import collision
from ashore.drivers.shared import preflight as host
from ashore.errors import AshoreError
from ashore.host import links
from ashore.image import build
from ashore.model.load import loads_stack
from ashore.model.types import Network
from ashore.supply.base import Room

GIB = 1024**3
NETWORK = Network(
    cidr=IPv4Network("10.77.0.0/24"),
    domain="demo.internal",
    host=IPv4Address("10.77.0.1"),
    bmc=IPv4Address("10.77.0.3"),
    gateway=IPv4Address("10.77.0.2"),
    floating=IPv4Address("10.77.0.10"),
    dynamic=(IPv4Address("10.77.0.200"), IPv4Address("10.77.0.229")),
    services=(IPv4Address("10.77.0.230"), IPv4Address("10.77.0.254")),
    uplink="none",
)


def test_a_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda tool, path: None if tool == "nft" else "/x")
    (finding,) = host.tools(preflight.TOOLS)
    assert finding.level is Level.ERROR
    assert finding.packages == ("nftables",)
    assert "nftables" in finding.fix


def test_every_bad_finding_says_why_and_how_to_mend_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda tool, path: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    found = [
        *host.tools(preflight.TOOLS),
        *host.privilege(),
        host.architecture(),
        host.disk("state", tmp_path / "not/there", 1 << 60),
    ]
    assert all(f.level is Level.ERROR and f.what and f.why and f.fix for f in found)
    assert len({f.id for f in found}) == len(found)


@dataclass
class Usage:
    """What `shutil.disk_usage` gives."""

    free: int


@pytest.mark.parametrize(
    ("free", "state", "cache"),
    [
        (7, Level.ERROR, Level.ERROR),
        (8, Level.OK, Level.WARNING),
        (24, Level.OK, Level.WARNING),
        (25, Level.OK, Level.OK),
    ],
)
def test_machines_and_cache_need_the_room_that_the_readme_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, state: Level, cache: Level
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free * GIB))
    stack = loads_stack("apiVersion: ashore/v1\nkind: Stack\n", "test")
    found = host.room(tmp_path / "state", tmp_path / "cache", build.room(stack, tmp_path))
    assert [f.level for f in found] == [state, cache]
    readme = (Path(__file__).parents[3] / "README.md").read_text().replace("\n", " ")
    assert "8 GiB of disk, 25 GiB if programs are built" in readme


def test_two_file_systems_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(4 * GIB))
    taken = Room(4 * GIB, 4 * GIB)
    found = host.room(tmp_path, Path("/proc/self"), taken)
    assert [f.level for f in found] == [Level.OK, Level.OK]


def test_low_settings_are_mended_by_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "fs/inotify").mkdir(parents=True)
    (tmp_path / "net/bridge").mkdir(parents=True)
    (tmp_path / "fs/inotify/max_user_instances").write_text("128\n")
    (tmp_path / "fs/inotify/max_user_watches").write_text("9999999\n")
    monkeypatch.setattr(settings, "_SYSCTL", tmp_path)
    (finding,) = settings.findings()
    assert finding.id == "inotify-instances"
    assert finding.mended_by_up
    assert settings.drift() == ["fs.inotify.max_user_instances is 128, wanted 8192"]


async def test_mending_records_what_it_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fs/inotify").mkdir(parents=True)
    (tmp_path / "net/bridge").mkdir(parents=True)
    for name in ("max_user_instances", "max_user_watches"):
        (tmp_path / "fs/inotify" / name).write_text("128\n")
    monkeypatch.setattr(settings, "_SYSCTL", tmp_path)
    recorded: list[tuple[str, str]] = []
    await settings.mend(lambda kind, name: recorded.append((kind, name)))
    assert recorded[0] == ("setting", "fs.inotify.max_user_instances=8192 (was 128)")
    assert settings.drift() == []
    await settings.mend(lambda kind, name: recorded.append((kind, name)))
    assert len(recorded) == 2


@pytest.mark.parametrize(
    ("network", "device", "collides"),
    [
        ("0.0.0.0/0", "eth0", False),
        ("0.0.0.0/1", "tun0", False),
        ("10.76.0.0/16", "eth0", False),
        ("10.77.0.0/24", "as-demo", False),
        ("10.77.0.128/25", "docker0", True),
        ("10.0.0.0/8", "vpn0", True),
    ],
)
async def test_a_route_collides(
    monkeypatch: pytest.MonkeyPatch, network: str, device: str, collides: bool
) -> None:
    async def routes() -> list[links.Route]:
        return [links.Route(IPv4Network(network), device, f"{network} dev {device}")]

    async def none(netns: str | None = None) -> dict[str, links.Link]:
        return {}

    monkeypatch.setattr(links, "routes", routes)
    monkeypatch.setattr(links, "links", none)
    if collides:
        with pytest.raises(AshoreError, match=f"{network} dev {device}"):
            await collision.refuse(NETWORK, "demo", "as-demo", "ashore:demo")
    else:
        await collision.refuse(NETWORK, "demo", "as-demo", "ashore:demo")


def test_sockets_whose_paths_are_too_long() -> None:
    longer = Path(f"/{'s' * 81}/ssh.sock")
    fits = Path(f"/{'s' * 80}/ssh.sock")
    assert host.sockets([fits]).level is Level.OK
    found = host.sockets([fits, longer])
    assert found.level is Level.ERROR
    assert str(longer) in found.what
