import json
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from ashore.host import links, mounts
from ashore.host.run import Completed

VETH = {
    "ifname": "as-demo",
    "flags": ["BROADCAST", "UP", "LOWER_UP"],
    "address": "02:aa:00:00:00:01",
    "ifalias": "ashore:demo",
    "linkinfo": {"info_kind": "veth"},
    "addr_info": [
        {"family": "inet", "local": "10.77.0.1", "prefixlen": 24},
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64},
    ],
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], bytes | None]]:
    seen: list[tuple[list[str], bytes | None]] = []

    async def run(argv: list[str], stdin: bytes | None = None, quiet: bool = False) -> Completed:
        seen.append((argv, stdin))
        rows = (
            [VETH, {}]
            if "address" in argv
            else [
                {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
                {"dst": "10.1.0.0/16", "dev": "br9"},
                {"type": "blackhole", "dst": "10.9.0.0/16"},
                {"dst": "128.0.0.0/1", "gateway": "10.8.0.1", "dev": "tun0"},
                {
                    "dst": "default",
                    "nexthops": [
                        {"gateway": "10.0.0.2", "dev": "eth1", "weight": 1, "flags": []},
                        {"gateway": "10.0.1.2", "dev": "eth2", "weight": 1, "flags": []},
                    ],
                },
            ]
        )
        return Completed(tuple(argv), 0, json.dumps(rows).encode(), b"", 0.0)

    monkeypatch.setattr(links, "run", run)
    return seen


async def test_a_link_is_read(calls: object) -> None:
    found = await links.links()
    assert found == {
        "as-demo": links.Link(
            name="as-demo",
            mac="02:aa:00:00:00:01",
            up=True,
            carrier=True,
            master="",
            alias="ashore:demo",
            kind="veth",
            addresses=(IPv4Interface("10.77.0.1/24"),),
        )
    }


async def test_routes_are_read(calls: object) -> None:
    found = await links.routes()
    assert [(str(route.network), route.device, route.default) for route in found] == [
        ("0.0.0.0/0", "eth0", True),
        ("10.1.0.0/16", "br9", False),
        ("128.0.0.0/1", "tun0", True),
        ("0.0.0.0/0", "eth1", True),
        ("0.0.0.0/0", "eth2", True),
    ]
    assert found[3].text == "default dev eth1"


async def test_commands_run_in_one_process(calls: list[tuple[list[str], bytes | None]]) -> None:
    await links.batch(["link set a up", "link set b up"], "ns")
    await links.batch([])
    assert calls == [(["ip", "-n", "ns", "-batch", "-"], b"link set a up\nlink set b up\n")]


def test_namespaces_of_one_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "NETNS", tmp_path)
    mounted = mounts.Mount(f"{tmp_path}/ashore-a", "nsfs", "nsfs", ())
    monkeypatch.setattr(mounts, "mounts", lambda: [mounted])
    for name in ("ashore-a", "ashore-a.gw", "ashore-a2", "ashore-a-b.gw"):
        (tmp_path / name).touch()
    assert links.namespaces("ashore-a") == {"ashore-a": True, "ashore-a.gw": False}
